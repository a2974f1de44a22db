import { quote } from '../../files/quote';
import { damagedModel } from './damaged';
import type { NodeProto } from '../../runtime/onnx/onnx_pb';

/**
 * The nodes so that each stands behind those whose outputs it reads (Kahn's algorithm); in the file's order where that
 * is such an order already, as ONNX demands.
 * @param given the tensors that no node makes: graph inputs and initialisers.
 * @param captured what a node's subgraphs read from around them.
 * @returns positions in `nodes`.
 * @throws FailureError DamagedModel: a tensor made twice, a tensor that nothing makes, a cycle; each with node and tensor.
 */
export function executionOrder(
  nodes: readonly NodeProto[],
  given: ReadonlySet<string>,
  captured: (node: NodeProto) => readonly string[],
  file: string,
): number[] {
  const makers = makersOf(nodes, given, file);
  let inOrder = true;
  for (const [position, node] of nodes.entries()) {
    for (const name of node.input) {
      if (name === '' || given.has(name) || makers.has(name)) continue;
      throw damagedModel(file, `the node ${label(node)} reads ${quote(name)}, which nothing in it makes`);
    }
    for (const name of [...node.input, ...captured(node)]) {
      inOrder &&= (makers.get(name) ?? -1) < position;
    }
  }
  return inOrder ? [...nodes.keys()] : sortNodes(nodes, makers, captured, file);
}

function makersOf(
  nodes: readonly NodeProto[],
  given: ReadonlySet<string>,
  file: string,
): ReadonlyMap<string, number> {
  const makers = new Map<string, number>();
  for (const [position, node] of nodes.entries()) {
    for (const name of node.output) {
      if (name === '') continue;
      if (makers.has(name) || given.has(name)) {
        throw damagedModel(file, `the node ${label(node)} makes ${quote(name)}, which is made already`);
      }
      makers.set(name, position);
    }
  }
  return makers;
}

function sortNodes(
  nodes: readonly NodeProto[],
  makers: ReadonlyMap<string, number>,
  captured: (node: NodeProto) => readonly string[],
  file: string,
): number[] {
  const missing = new Array<number>(nodes.length).fill(0);
  const readers = nodes.map((): number[] => []);
  for (const [position, node] of nodes.entries()) {
    for (const name of [...node.input, ...captured(node)]) {
      const maker = makers.get(name);
      if (maker === undefined) continue;
      readers[maker]?.push(position);
      missing[position] = (missing[position] ?? 0) + 1;
    }
  }
  const order = [...nodes.keys()].filter((position) => missing[position] === 0);
  // Grows while it is walked.
  for (const done of order) {
    for (const position of readers[done] ?? []) {
      const left = (missing[position] ?? 0) - 1;
      missing[position] = left;
      if (left === 0) order.push(position);
    }
  }
  if (order.length === nodes.length) return order;
  throw cycleIn(nodes, new Set(order), makers, file);
}

/** Walks against the flow from any node that is left: among those every way leads into a cycle. */
function cycleIn(
  nodes: readonly NodeProto[],
  done: ReadonlySet<number>,
  makers: ReadonlyMap<string, number>,
  file: string,
): Error {
  const passed = new Set<number>();
  let position = nodes.findIndex((_node, candidate) => !done.has(candidate));
  let tensor = '';
  while (!passed.has(position)) {
    passed.add(position);
    const waiting = nodes[position]?.input.find((name) => isLeft(makers.get(name), done));
    // Only a subgraph of the node waits for the cycle.
    if (waiting === undefined) break;
    tensor = waiting;
    position = makers.get(waiting) ?? position;
  }
  const node = nodes[position];
  const what = node === undefined ? 'a node' : `the node ${label(node)}`;
  const through = tensor === '' ? 'a subgraph of it' : quote(tensor);
  return damagedModel(file, `its nodes form a cycle: ${what} depends on itself, through ${through}`);
}

function isLeft(maker: number | undefined, done: ReadonlySet<number>): boolean {
  return maker !== undefined && !done.has(maker);
}

/** A node as a sentence names it. */
function label(node: NodeProto): string {
  return `${quote(node.name === '' ? (node.output[0] ?? '') : node.name)} (${quote(node.opType).slice(1, -1)})`;
}
