import fc from 'fast-check';
import type { ModelSamples } from '../../../src/inference/feeds';
import type { Targets } from '../../../src/loss/targets';
import type { Loss } from '../../../src/report/report';
import { SeededRandom } from '../../../src/samples/random';
import type { ModelParts, TensorValue, ValueParts } from '../../unit/onnxModel';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { elementwiseSteps } from './elementwiseSteps';
import type { Part, Step } from './graphBuilder';
import { GraphBuilder, sizeOf } from './graphBuilder';
import { imageSteps } from './imageSteps';
import { normalisationSteps } from './normalisationSteps';
import { productSteps } from './productSteps';
import { shapeSteps } from './shapeSteps';

const steps: Readonly<Record<string, Step>> = {
  ...elementwiseSteps,
  ...shapeSteps,
  ...productSteps,
  ...imageSteps,
  ...normalisationSteps,
};

/** What a random graph is made from. Fewer steps make a smaller graph, so that failures shrink. */
export interface GraphPlan {
  readonly opset: number;
  readonly input: 'vector' | 'sequence' | 'image' | 'volume' | 'tokens';
  /** Whether a second input of the first one's shape is there. */
  readonly twoInputs: boolean;
  /** The operator that is tried first, and the seed of all choices in it. */
  readonly steps: readonly (readonly [operator: string, seed: number])[];
  readonly loss: Loss;
  /** Softmax or sigmoid at the end. */
  readonly head: boolean;
  /** Where the classes lie of a sample that has several rows of outputs; null: it has one row. */
  readonly rows: 'last axis' | 'axis 1' | null;
  /** A further output of the graph, which is not analysed. */
  readonly secondOutput: boolean;
  readonly width: number;
  readonly samples: number;
  /** Of samples and targets. */
  readonly seed: number;
}

export interface RandomGraph {
  readonly parts: ModelParts;
  readonly initialisers: Readonly<Record<string, TensorValue>>;
  readonly samples: ModelSamples;
  readonly targets: Targets;
  readonly loss: Loss;
  /** Of the tensor that the loss is put on. */
  readonly target: string;
  readonly output: string;
  readonly parameters: ReadonlyMap<string, readonly number[]>;
}

const seed = fc.noShrink(fc.nat());

/** Those that seldom fit what they are given come up more often. */
const drawn = [steps, productSteps, imageSteps, imageSteps, imageSteps, normalisationSteps].flatMap((table) =>
  Object.keys(table),
);

export const graphPlans: fc.Arbitrary<GraphPlan> = fc.record({
  opset: fc.constantFrom(13, 14, 17, 18, 20, 21, 23),
  input: fc.constantFrom('vector', 'sequence', 'image', 'volume', 'tokens'),
  twoInputs: fc.boolean(),
  steps: fc.array(fc.tuple(fc.noShrink(fc.constantFrom(...drawn)), seed), {
    maxLength: 10,
    size: 'max',
  }),
  loss: fc.constantFrom('cross-entropy', 'binary-cross-entropy', 'mean-squared-error'),
  head: fc.boolean(),
  rows: fc.constantFrom(null, null, 'last axis', 'axis 1'),
  secondOutput: fc.boolean(),
  width: fc.integer({ min: 1, max: 4 }),
  samples: fc.integer({ min: 1, max: 7 }),
  seed,
});

const inputDims = {
  vector: [[1], [4], [6]],
  sequence: [
    [3, 4],
    [5, 2],
    [1, 4],
  ],
  image: [
    [2, 4, 5],
    [1, 6, 6],
    [4, 2, 4],
  ],
  volume: [
    [1, 3, 4, 3],
    [2, 3, 2, 3],
  ],
  tokens: [[3], [5]],
} as const satisfies Record<GraphPlan['input'], readonly (readonly number[])[]>;

/** Rows of the table that tokens index. */
const vocabulary = 5;

export function randomGraph(plan: GraphPlan): RandomGraph {
  const random = SeededRandom.fromSeed(plan.seed);
  const b = new GraphBuilder(plan.opset, random);
  const dims = b.pick<readonly number[]>(inputDims[plan.input]);
  const inputs: (ValueParts & { readonly name: string })[] = [
    { name: 'x', dims: ['N', ...dims], ...(plan.input === 'tokens' ? { type: DataType.INT64 } : {}) },
  ];
  let current: Part = { name: 'x', dims };
  if (plan.input === 'tokens') {
    const width = b.between(2, 3);
    current = b.node('Gather', [b.parameter([vocabulary, width]), 'x'], [...dims, width]);
  } else b.pool.push(current);
  if (plan.twoInputs) {
    const second: Part = { name: 'second', dims: current.dims };
    inputs.push({ name: 'second', dims: ['N', ...current.dims] });
    b.pool.push(second);
    current = b.node('Add', [current.name, second.name], current.dims);
  }
  for (const [operator, own] of plan.steps) {
    b.random = SeededRandom.fromSeed(own);
    // Mostly on, sometimes back to an earlier tensor.
    const from = b.chance(0.2) ? b.pick(b.pool) : current;
    const next = steps[operator]?.(b, from) ?? null;
    if (next !== null) current = next;
  }
  const { output, target } = finish(b, current, plan);
  return {
    parts: {
      opset: plan.opset,
      irVersion: plan.opset > 20 ? 10 : 8,
      nodes: b.nodes,
      initialisers: b.initialisers,
      inputs,
      outputs: [
        { name: output, dims: ['N', ...rowDims(plan)] },
        ...(plan.secondOutput ? [{ name: current.name }] : []),
      ],
    },
    initialisers: b.initialisers,
    samples: samplesFor(inputs, plan, random),
    targets: targetsFor(plan, random),
    loss: plan.loss,
    output,
    target,
    parameters: b.parameters,
  };
}

/** Rows of a sample that has several. */
const rowsOfSample = 3;

/** Of the outputs of one sample. */
function rowDims({ rows, width }: GraphPlan): readonly number[] {
  if (rows === null) return [width];
  return rows === 'axis 1' ? [width, rowsOfSample] : [rowsOfSample, width];
}

/** One row of logits for every sample, or several, and what the head makes of them. */
function finish(b: GraphBuilder, last: Part, plan: GraphPlan): { output: string; target: string } {
  const { width, loss, head, rows } = plan;
  const size = sizeOf(last.dims);
  const flat = last.dims.length === 1 ? last.name : b.raw('Flatten', [last.name], { axis: { int: 1 } });
  const made = rows === null ? width : 2 * rowsOfSample;
  const weight = b.parameter([size, made]);
  const affine = b.chance(0.7)
    ? b.raw('Gemm', [flat, weight, b.parameter([made])])
    : b.raw('MatMul', [flat, weight]);
  const outputs = rows === null ? affine : finishRows(b, affine, plan);
  const logits = b.raw('Identity', [outputs]);
  if (!head || loss === 'mean-squared-error') return { output: logits, target: logits };
  const output =
    loss === 'cross-entropy'
      ? b.raw(b.pick(['Softmax', 'LogSoftmax']), [logits], { axis: { int: rows === 'last axis' ? 2 : 1 } })
      : b.raw('Sigmoid', [logits]);
  return { output, target: logits };
}

/** Two features for every row, bent, and a product for all rows of a sample. */
function finishRows(b: GraphBuilder, affine: string, { width, rows }: GraphPlan): string {
  const bent = b.raw('Tanh', [b.raw('Reshape', [affine, b.integers([-1, rowsOfSample, 2])])]);
  const logits = b.raw('MatMul', [bent, b.parameter([2, width])]);
  return rows === 'last axis' ? logits : b.raw('Transpose', [logits], { perm: { ints: [0, 2, 1] } });
}

function samplesFor(inputs: readonly ValueParts[], plan: GraphPlan, random: SeededRandom): ModelSamples {
  return {
    count: plan.samples,
    inputs: inputs.map(({ name, dims = [], type }) => {
      const own = dims.slice(1).map(Number);
      const draw = (): number =>
        type === DataType.INT64 ? random.below(vocabulary) : Math.fround(random.normal());
      return { name, dims: own, data: Float64Array.from({ length: plan.samples * sizeOf(own) }, draw) };
    }),
  };
}

function targetsFor({ loss, width, samples, rows }: GraphPlan, random: SeededRandom): Targets {
  const perSample = rows === null ? 1 : rowsOfSample;
  const values = Array.from({ length: samples * perSample }, () => {
    if (loss === 'mean-squared-error') return Array.from({ length: width }, () => random.normal());
    if (loss === 'binary-cross-entropy') return Array.from({ length: width }, () => random.below(5) / 4);
    const label = random.below(width);
    const soft = random.below(2) / 4;
    return Array.from({ length: width }, (_, c) => (c === label ? 1 - soft : 0) + soft / width);
  });
  const targets = { count: samples, width, values: Float64Array.from(values.flat()) };
  if (rows === null) return targets;
  // Some are left out, but never all.
  const weights = Float64Array.from(values, (_, row) => (row > 0 && random.below(4) === 0 ? 0 : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const classAxis = rows === 'axis 1' ? 1 : 2;
  return { ...targets, rows: { classAxis, perSample, weights: weights.map((weight) => weight / total) } };
}
