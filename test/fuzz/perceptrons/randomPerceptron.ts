import { zipSync } from 'fflate';
import fc from 'fast-check';
import { losses } from '../../../src/loss/losses';
import type { ActivationName } from '../../unit/perceptron/activationNamed';
import type { Loss } from '../../../src/report/report';
import type { AnalysisRequest } from '../../../src/report/request';
import { SeededRandom } from '../../../src/samples/random';
import { onnxModel, type AttributeValue, type NodeParts, type TensorValue } from '../../unit/onnxModel';
import type { PlainNetwork } from '../../unit/perceptron/closedForm/explicitHessian';
import { npyFile } from '../npyFile';

/** Activations that are one ONNX operator, with what they are to the oracle; null: it has none of these. */
const activations: Readonly<
  Record<string, { attributes?: Record<string, AttributeValue>; name: ActivationName | null }>
> = {
  Identity: { name: 'identity' },
  Tanh: { name: 'tanh' },
  Sigmoid: { name: 'sigmoid' },
  Softplus: { name: 'softplus' },
  Relu: { name: 'relu' },
  Gelu: { name: null },
  Mish: { name: 'mish' },
  Elu: { name: 'elu' },
  Selu: { name: null },
  LeakyRelu: { name: null, attributes: { alpha: { float: 0.125 } } },
  HardSigmoid: { name: null },
  HardSwish: { name: 'hard-swish' },
};

export interface PerceptronPlan {
  readonly loss: Loss;
  readonly inputs: number;
  readonly hidden: readonly (readonly [width: number, activation: string])[];
  readonly outputs: number;
  readonly biased: boolean;
  /** Weight and bias as one Gemm, or apart. */
  readonly gemm: boolean;
  readonly head: boolean;
  readonly samples: number;
  readonly classWeights: boolean;
  readonly labelSmoothing: number;
  readonly ignored: boolean;
  /** Of the weights: large ones saturate. */
  readonly scale: number;
  readonly seed: number;
}

export const perceptronPlans: fc.Arbitrary<PerceptronPlan> = fc.record({
  loss: fc.constantFrom(...(Object.keys(losses) as Loss[])),
  inputs: fc.integer({ min: 1, max: 6 }),
  hidden: fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...Object.keys(activations))), {
    maxLength: 4,
    size: 'max',
  }),
  outputs: fc.integer({ min: 1, max: 5 }),
  biased: fc.boolean(),
  gemm: fc.boolean(),
  head: fc.boolean(),
  samples: fc.integer({ min: 1, max: 9 }),
  classWeights: fc.boolean(),
  labelSmoothing: fc.constantFrom(0, 0, 0.1, 0.5),
  ignored: fc.boolean(),
  scale: fc.constantFrom(0.05, 0.7, 1, 3),
  seed: fc.noShrink(fc.nat()),
});

export interface PerceptronFiles {
  readonly model: Uint8Array;
  readonly data: Uint8Array;
  readonly options: Partial<AnalysisRequest>;
  /** The same for the oracle; null: it does not know the activations or the options. */
  readonly network: PlainNetwork | null;
}

export function perceptronFiles(plan: PerceptronPlan): PerceptronFiles {
  const { loss, inputs, hidden, biased, samples, seed } = plan;
  const random = SeededRandom.fromSeed(seed);
  const outputs = outputsOf(plan);
  const widths = [inputs, ...hidden.map(([width]) => width), outputs];
  const draw = (count: number, scale: number): number[] =>
    Array.from({ length: count }, () => Math.fround(scale * random.normal()));

  const nodes: NodeParts[] = [];
  const initialisers: Record<string, TensorValue> = {};
  const parameters: number[][] = [];
  let current = 'x';
  widths.slice(1).forEach((width, l) => {
    const from = widths[l] ?? 1;
    const weight = draw(width * from, plan.scale / Math.sqrt(from));
    const bias = draw(biased ? width : 0, plan.scale);
    parameters.push([...weight, ...bias]);
    const [w, b, z] = [`fc${l}.weight`, `fc${l}.bias`, `z${l}`];
    if (biased) initialisers[b] = { dims: [width], data: Float32Array.from(bias) };
    if (plan.gemm) {
      initialisers[w] = { dims: [width, from], data: Float32Array.from(weight) };
      const given = [current, w, ...(biased ? [b] : [])];
      nodes.push({ operator: 'Gemm', inputs: given, outputs: [z], attributes: { transB: { int: 1 } } });
    } else {
      const turned = Array.from(
        { length: weight.length },
        (_, i) => weight[(i % width) * from + Math.floor(i / width)] ?? 0,
      );
      initialisers[w] = { dims: [from, width], data: Float32Array.from(turned) };
      nodes.push({ operator: 'MatMul', inputs: [current, w], outputs: [biased ? `p${l}` : z] });
      if (biased) nodes.push({ operator: 'Add', inputs: [`p${l}`, b], outputs: [z] });
    }
    current = z;
    const [, activation] = hidden[l] ?? [];
    if (activation === undefined) return;
    nodes.push({
      operator: activation,
      inputs: [z],
      outputs: [`a${l}`],
      attributes: activations[activation]?.attributes ?? {},
    });
    current = `a${l}`;
  });
  const head = { distributions: 'Softmax', probabilities: 'Sigmoid', numbers: null, nothing: null }[
    losses[loss].targets
  ];
  if (plan.head && head !== null) nodes.push({ operator: head, inputs: [current], outputs: ['y'] });
  const output = plan.head && head !== null ? 'y' : current;

  const x = Array.from({ length: samples }, () => draw(inputs, 1));
  const { labels, targets } = labelsFor(loss, samples, outputs, plan.ignored, random);
  const options = {
    loss,
    classWeights:
      plan.classWeights && loss === 'cross-entropy'
        ? Array.from({ length: outputs }, (_, c) => c + 0.5)
        : null,
    labelSmoothing: loss === 'cross-entropy' ? plan.labelSmoothing : 0,
  };
  const names = hidden.map(([, activation]) => activations[activation]?.name ?? null);
  const known = names.every((name) => name !== null);
  const plain = options.classWeights === null && options.labelSmoothing === 0 && targets !== null;
  return {
    model: onnxModel({
      opset: 20,
      nodes,
      initialisers,
      inputs: [{ name: 'x', dims: ['N', inputs] }],
      outputs: [{ name: output, dims: ['N', outputs] }],
    }),
    data: zipSync({ 'x.npy': npyFile([samples, inputs], x.flat(), '<f4'), 'y.npy': labels }),
    options,
    network:
      known && plain
        ? {
            widths,
            biased: widths.slice(1).map(() => biased),
            activations: [...names, 'identity'],
            parameters,
            samples: x,
            targets,
            loss,
          }
        : null,
  };
}

/** Cross-entropy takes two classes at least, a loss that the model gives itself one number. */
function outputsOf({ loss, outputs }: PerceptronPlan): number {
  if (loss === 'output') return 1;
  return loss === 'cross-entropy' ? outputs + 1 : outputs;
}

/** As a file has them, and as rows; no rows where some labels say to ignore their samples. */
function labelsFor(
  loss: Loss,
  samples: number,
  outputs: number,
  ignored: boolean,
  random: SeededRandom,
): { labels: Buffer; targets: number[][] | null } {
  if (loss === 'cross-entropy') {
    const classes = Array.from({ length: samples }, () => random.below(outputs));
    const some = ignored && samples > 1;
    const rows = classes.map((label) => Array.from({ length: outputs }, (_, c) => Number(c === label)));
    const given = some ? [-100, ...classes.slice(1)] : classes;
    return { labels: npyFile([samples], given, '<i8'), targets: some ? null : rows };
  }
  const draw = losses[loss].targets === 'numbers' ? () => random.normal() : () => random.below(2);
  const targets = Array.from({ length: samples }, () => Array.from({ length: outputs }, draw));
  return { labels: npyFile([samples, outputs], targets.flat(), '<f8'), targets };
}
