import { FailureError } from '../report/failure';
import type { Graph, GraphNode } from './graph';
import { nodeText } from './nodeText';
import { operatorOf } from './operators';

/** Numbers of a tensor, at most: 1 GiB in float32. */
const mostNumbers = 2 ** 28;

/**
 * Refuses a tensor whose size follows from the file and is beyond any reason: a few bytes can ask onnxruntime for all of the
 * memory. What is computed from shapes is not seen here.
 * @throws FailureError TooLarge naming the node
 */
export function refuseOversized(graph: Graph): void {
  // The first axis is that of the samples, of which one is the least.
  const ofOne = graph.inputs.map(({ name, dims }) => {
    const known = (dims ?? []).slice(1).map((size) => (typeof size === 'number' ? size : 1));
    return [name, product(known)] as const;
  });
  const sizes = leastSizes(graph, graph.nodes, new Map(ofOne));
  for (const node of graph.nodes) {
    const least = sizes.get(node.outputs[0] ?? '') ?? 1;
    if (!(least > mostNumbers)) continue;
    throw new FailureError(
      'TooLarge',
      `${nodeText(node)} makes a tensor of at least ${least.toLocaleString('en')} numbers, more than can be analysed; check that the file is what was exported.`,
    );
  }
}

/**
 * How many numbers the tensors have at least, because of what goes into a graph and what constants and attributes say: of
 * every node its first output.
 * @param nodes in their order
 * @param inputs numbers of the inputs, by name
 */
export function leastSizes(
  graph: Graph,
  nodes: readonly GraphNode[],
  inputs: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const made = new Map<string, number>();
  const sizeOf = (name = ''): number =>
    made.get(name) ?? inputs.get(name) ?? product(graph.initialisers.get(name)?.dims ?? []);
  for (const node of nodes) made.set(node.outputs[0] ?? '', leastSize(graph, node, sizeOf));
  return made;
}

function leastSize(graph: Graph, node: GraphNode, sizeOf: (name?: string) => number): number {
  const { sizedBy, passes, keeps, broadcasts } = operatorOf(node);
  const [first, second] = node.inputs;
  if (node.operator === 'Concat') return node.inputs.reduce((sum, name) => sum + sizeOf(name), 0);
  if (node.operator === 'Conv') return product(convolvedSizes(graph, node));
  if (node.operator === 'MatMul') {
    // A weight takes its depth away and brings its width.
    const [left, right] = [first, second].map((name) => graph.initialisers.get(name ?? '')?.dims ?? []);
    if (right?.length === 2) return (sizeOf(first) / Math.max(1, right[0] ?? 1)) * (right[1] ?? 1);
    if (left?.length === 2) return (sizeOf(second) / Math.max(1, left[1] ?? 1)) * (left[0] ?? 1);
    return 1;
  }
  const given = broadcasts === true ? Math.max(...node.inputs.map(sizeOf)) : sizeOf(first);
  const kept = keeps === 'sizes' || passes === 'in order' || passes === 'moved' ? given : 1;
  if (sizedBy === undefined) return kept;
  const [input, attribute] = sizedBy;
  const sizes = listed(graph, node, input, attribute);
  if (attribute === 'repeats') return given * product(sizes);
  return Math.max(kept, product(attribute === 'pads' ? alongAxes(sizes) : sizes));
}

/** Windows along every axis, of an image of one point and its padding. */
function convolvedSizes(graph: Graph, node: GraphNode): number[] {
  const kernel = graph.initialisers.get(node.inputs[1] ?? '')?.dims.slice(2) ?? [];
  const padded = alongAxes(listed(graph, node, null, 'pads'));
  const strides = listed(graph, node, null, 'strides');
  const dilations = listed(graph, node, null, 'dilations');
  return kernel.map((taps, axis) => {
    const room = (padded[axis] ?? 0) - (dilations[axis] ?? 1) * (taps - 1);
    return Math.floor(room / Math.max(1, strides[axis] ?? 1)) + 1;
  });
}

/** Before and after every axis: how much both add. */
function alongAxes(pads: readonly number[]): number[] {
  const rank = Math.floor(pads.length / 2);
  return Array.from({ length: rank }, (_, axis) => (pads[axis] ?? 0) + (pads[axis + rank] ?? 0));
}

/** The integers of a constant input or, in older operator sets, an attribute; none where neither is there. */
function listed(graph: Graph, node: GraphNode, index: number | null, attribute: string): readonly number[] {
  const found = node.attributes.get(attribute);
  if (found?.kind === 'ints') return found.value;
  const tensor = index === null ? undefined : graph.initialisers.get(node.inputs[index] ?? '');
  return tensor === undefined ? [] : Array.from<number | bigint, number>(tensor.data, Number);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((size, next) => size * Math.max(1, next), 1);
}
