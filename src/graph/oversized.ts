import { FailureError } from '../report/failure';
import type { Graph, GraphNode } from './graph';
import { nodeText } from './nodeText';
import { operatorOf } from './operators';

/** Numbers of a tensor, at most: 1 GiB in float32. */
const mostNumbers = 2 ** 28;

/**
 * Refuses a tensor whose size stands in the file and is beyond any reason: a few bytes can ask onnxruntime for all of the
 * memory. What is computed from shapes, or grows step by step, is not seen here.
 * @throws FailureError TooLarge naming the node
 */
export function refuseOversized(graph: Graph): void {
  for (const node of graph.nodes) {
    const least = leastSize(graph, node);
    if (!(least > mostNumbers)) continue;
    throw new FailureError(
      'TooLarge',
      `${nodeText(node)} makes a tensor of at least ${least.toLocaleString('en')} numbers, more than can be analysed; check that the file is what was exported.`,
    );
  }
}

/** How many numbers the output has at least, because of what constants and attributes say alone. */
function leastSize(graph: Graph, node: GraphNode): number {
  if (node.operator === 'Conv') return product(convolvedSizes(graph, node));
  const { sizedBy } = operatorOf(node);
  if (sizedBy === undefined) return 1;
  const [input, attribute] = sizedBy;
  const sizes = listed(graph, node, input, attribute);
  return product(attribute === 'pads' ? alongAxes(sizes) : sizes);
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
