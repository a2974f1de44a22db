import type { ActivationName } from '../perceptron/activationNamed';
import type { Graph } from '../../../src/graph/graph';
import type { Loss } from '../../../src/report/report';
import type {
  PlainActivation,
  PlainNetwork,
  PlainNormalisation,
} from '../perceptron/closedForm/explicitHessian';
import { activationStyles, affineStyles, type WrittenLayer } from '../perceptron/recognition/exporterStyles';
import type { GraphBuilder } from '../perceptron/recognition/graphBuilder';
import { randomSource } from '../perceptron/recognition/plainForward';

/** A model as an exporter writes it, beside what it is. */
export interface Export {
  readonly graph: Graph;
  /** Dimensions of one sample. */
  readonly dims: readonly number[];
  /** The network, its samples and targets aside. */
  readonly network: Pick<PlainNetwork, 'widths' | 'biased' | 'activations' | 'normalisations' | 'parameters'>;
  /** What the first layer sees of a flattened sample. */
  readonly preprocessed?: (sample: readonly number[]) => readonly number[];
  readonly loss: Loss;
  /** The graph output to ask for. */
  readonly output?: string;
  /** Weights in a file of their own. */
  readonly external?: boolean;
  readonly irVersion?: number;
}

/** Multiples of 1/32 below 3/2: exact in float16 and bfloat16 too. */
function dyadic(random: () => number): number {
  return Math.round(48 * random()) / 32;
}

export function layersOf(widths: readonly number[], seed: number, biased = true): WrittenLayer[] {
  const random = randomSource(seed);
  const numbers = (count: number) => Array.from({ length: count }, () => dyadic(random));
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] ?? 1;
    const weight = numbers(outputs * inputs);
    return { name: `fc.${String(i)}`, inputs, outputs, weight, bias: biased ? numbers(outputs) : null };
  });
}

type Place = 'before' | 'after';

/** A normalisation with its own parameters, γ and then β. */
export interface WrittenNormalisation {
  readonly units: PlainNormalisation;
  readonly parameters: readonly number[];
}

export function networkOf(
  layers: readonly WrittenLayer[],
  activations: readonly (ActivationName | PlainActivation)[],
  normalisations: Readonly<Partial<Record<number, Partial<Record<Place, WrittenNormalisation>>>>> = {},
): Export['network'] {
  return {
    widths: [layers[0]?.inputs ?? 0, ...layers.map(({ outputs }) => outputs)],
    biased: layers.map(({ bias }) => bias !== null),
    activations,
    parameters: layers.map(({ weight, bias }, l) => [
      ...weight,
      ...(bias ?? []),
      ...(normalisations[l]?.before?.parameters ?? []),
      ...(normalisations[l]?.after?.parameters ?? []),
    ]),
    normalisations: layers.map((_, l) => ({
      before: normalisations[l]?.before?.units ?? null,
      after: normalisations[l]?.after?.units ?? null,
    })),
  };
}

export function affine(b: GraphBuilder, style: string, x: string, layer: WrittenLayer | undefined): string {
  const write = affineStyles[style];
  if (write === undefined || layer === undefined) throw new Error(`no layer to write as ${style}`);
  return write(b, x, layer);
}

export function activated(b: GraphBuilder, name: ActivationName, style: string, z: string): string {
  const write = activationStyles[name]?.[style];
  if (write === undefined) throw new Error(`no style ${style} of ${name}`);
  return write(b, z);
}

/** Batch normalisation in evaluation mode. */
export function batchNorm(
  b: GraphBuilder,
  x: string,
  width: number,
  seed: number,
): [string, WrittenNormalisation] {
  const random = randomSource(seed);
  const list = (offset = 0) => Array.from({ length: width }, () => offset + dyadic(random));
  const [gamma, beta, mean, variance] = [list(2), list(), list(), list(2)];
  const tensors = Object.entries({ weight: gamma, bias: beta, running_mean: mean, running_var: variance });
  const inputs = tensors.map(([part, values]) => b.weight(`bn${String(seed)}.${part}`, [width], values));
  const epsilon = Math.fround(1e-5);
  const y = b.node('BatchNormalization', [x, ...inputs], { epsilon }, `bn${String(seed)}`);
  const units = mean.map((value, i) => ({
    mean: value,
    deviation: Math.sqrt((variance[i] ?? NaN) + epsilon),
  }));
  return [y, { units, parameters: [...gamma, ...beta] }];
}

export function mulAdd(
  b: GraphBuilder,
  x: string,
  width: number,
  seed: number,
): [string, WrittenNormalisation] {
  const random = randomSource(seed);
  const scales = Array.from({ length: width }, () => 2 + dyadic(random));
  const shifts = Array.from({ length: width }, () => dyadic(random));
  const scaled = b.node('Mul', [x, b.weight(`fold_${String(seed)}.scale`, [width], scales)]);
  const y = b.node('Add', [scaled, b.weight(`fold_${String(seed)}.shift`, [width], shifts)]);
  const units = scales.map(() => ({ mean: 0, deviation: 1 }));
  return [y, { units, parameters: [...scales, ...shifts] }];
}
