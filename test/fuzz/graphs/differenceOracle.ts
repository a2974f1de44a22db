import { onnxModel } from '../../unit/onnxModel';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { Session, type RunFeeds } from '../../../src/runtime/session';
import { Disagreement } from '../disagreement';
import type { RandomGraph } from './randomGraph';

/** Where every number of the flat vector stands: the parameter, and the position in it. */
export interface FlatParameters {
  readonly names: readonly string[];
  /** For every position of the products' vector, that in the vector of the named parameters. */
  readonly position: readonly number[];
}

/** Steps of the differences along a vector of length 1. */
const steps = [1e-3, 3e-4] as const;

/**
 * vᵀHv by second differences of the loss, which onnxruntime computes from the graph in float64. Without a kernel in float64
 * there is no answer; where two steps disagree a kink is near, or the loss is too curved for them.
 * @throws Disagreement
 */
export async function differentiateByDifferences(
  graph: RandomGraph,
  flat: FlatParameters,
  vectors: readonly Float64Array[],
  products: readonly Float64Array[],
): Promise<void> {
  const loss = await lossAlong(graph, flat);
  if (loss === null) return;
  try {
    const middle = await loss.at(null, 0);
    for (const [i, vector] of vectors.entries()) {
      const length = Math.hypot(...vector);
      const unit = vector.map((value) => value / length);
      const curvatures: number[] = [];
      for (const h of steps)
        curvatures.push(((await loss.at(unit, h)) - 2 * middle + (await loss.at(unit, -h))) / (h * h));
      const [coarse = Number.NaN, fine = Number.NaN] = curvatures;
      const found = unit.reduce((sum, value, k) => sum + value * (products[i]?.[k] ?? 0), 0) / length;
      const error = 10 * Math.abs(coarse - fine) + (1e-14 * Math.abs(middle)) / steps[1] ** 2 + 1e-8;
      if (error > 0.01 * (1 + Math.abs(found))) continue;
      if (!(Math.abs(found - fine) <= error))
        throw new Disagreement(`vᵀHv of vector ${i} is ${found} where differences give ${fine} ± ${error}`);
    }
  } finally {
    await loss.release();
  }
}

interface LossAlong {
  /** The loss at the weights moved by `h` along a vector. */
  readonly at: (vector: Float64Array | null, h: number) => Promise<number>;
  readonly release: () => Promise<void>;
}

/** The weights become inputs of a graph of doubles; null where onnxruntime has no such kernels. */
async function lossAlong(graph: RandomGraph, flat: FlatParameters): Promise<LossAlong | null> {
  const { parts, samples } = graph;
  const all = Object.entries(graph.initialisers);
  const doubled = all.map(([name, { dims, data }]) =>
    data instanceof Float32Array
      ? ([name, { dims, data: Float64Array.from(data) }] as const)
      : ([name, { dims, data }] as const),
  );
  const moved = doubled.filter(([name]) => flat.names.includes(name));
  const bytes = onnxModel({
    ...parts,
    nodes: parts.nodes.map((node) =>
      node.operator === 'Cast' ? { ...node, attributes: { to: { int: 11 } } } : node,
    ),
    initialisers: Object.fromEntries(doubled.filter(([name]) => !flat.names.includes(name))),
    inputs: [
      ...(parts.inputs ?? []).map((input) => ({ ...input, type: input.type ?? DataType.DOUBLE })),
      ...moved.map(([name, { dims }]) => ({ name, dims, type: DataType.DOUBLE })),
    ],
    outputs: [graph.target],
  });
  const session = await Session.open({ bytes, externalData: [] }, 1, 'disabled').catch(() => null);
  if (session === null) return null;
  const inputs: RunFeeds = Object.fromEntries(
    samples.inputs.map(({ name, dims, data }) => {
      const real = parts.inputs?.find((input) => input.name === name)?.type === undefined;
      const own = real ? data : BigInt64Array.from(data, BigInt);
      return [name, { dims: [samples.count, ...dims], data: own }];
    }),
  );
  return {
    at: async (vector, h) => {
      const order = new Float64Array(flat.position.length);
      if (vector !== null) flat.position.forEach((to, from) => (order[to] = vector[from] ?? 0));
      let start = 0;
      const weights = moved
        .toSorted(([a], [b]) => flat.names.indexOf(a) - flat.names.indexOf(b))
        .map(([name, { dims, data }]) => {
          const own = Float64Array.from(
            data as Float64Array,
            (value, i) => value + h * (order[start + i] ?? 0),
          );
          start += own.length;
          return [name, { dims, data: own }] as const;
        });
      const results = await session.run({ ...inputs, ...Object.fromEntries(weights) });
      return meanLoss(graph, Float64Array.from(results[graph.target]?.data ?? [], Number));
    },
    release: () => session.release(),
  };
}

/** As the textbooks write it, over the rows of an output whose classes may lie along axis 1. */
function meanLoss({ loss, targets: { count, width, values, rows } }: RandomGraph, z: Float64Array): number {
  const perSample = rows?.perSample ?? 1;
  const classesFirst = rows?.classAxis === 1;
  const logit = (n: number, c: number): number => {
    const [sample, row] = [Math.floor(n / perSample), n % perSample];
    const at = classesFirst ? c * perSample + row : row * width + c;
    return z[sample * perSample * width + at] ?? Number.NaN;
  };
  let total = 0;
  for (let n = 0; n < count * perSample; n++) {
    const own = Array.from({ length: width }, (_, c) => logit(n, c));
    const target = values.subarray(n * width, (n + 1) * width);
    const logSum = Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0));
    const weight = rows?.weights[n] ?? 1 / count;
    own.forEach((value, c) => {
      const wanted = target[c] ?? Number.NaN;
      if (loss === 'cross-entropy') total += weight * wanted * (logSum - value);
      else if (loss === 'mean-squared-error') total += (weight * (value - wanted) ** 2) / width;
      else total += (weight * (Math.log1p(Math.exp(value)) - wanted * value)) / width;
    });
  }
  return total;
}
