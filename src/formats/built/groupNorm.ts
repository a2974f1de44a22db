import type { BuiltAttributes, GraphBuilder } from './graphBuilder';

/** Adds a node with one output to a graph that is built. */
export type AddNode = (operator: string, inputs: readonly string[], attributes?: BuiltAttributes) => string;

/**
 * Groups of channels, which are the second axis, each normalised over all that it has: as PyTorch's own exporter writes it,
 * by instances of as many channels as there are groups.
 */
export function groupNormalised(
  builder: GraphBuilder,
  add: AddNode,
  x: string,
  { groups, epsilon, type }: { groups: number; epsilon: number; type: 'float32' | 'float64' },
): string {
  const all = (value: number): string => {
    const data = type === 'float64' ? new Float64Array(groups) : new Float32Array(groups);
    return builder.constant('group', { type, dims: [groups], data: data.fill(value) });
  };
  const grouped = add('Reshape', [x, builder.integers([0, groups, -1])]);
  const normal = add('InstanceNormalization', [grouped, all(1), all(0)], { epsilon: { float: epsilon } });
  return add('Reshape', [normal, add('Shape', [x])]);
}

/** One number for every channel as a tensor that fits behind the samples. @param inner the axes behind the channels */
export function alongChannels(builder: GraphBuilder, add: AddNode, tensor: string, inner: number): string {
  if (inner === 0) return tensor;
  return add('Unsqueeze', [tensor, builder.integers(Array.from({ length: inner }, (_, at) => at + 1))]);
}
