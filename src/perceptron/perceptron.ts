import type { HeadKind } from '../subject/head';
import type { Value } from '../graph/static/value';
import type { Activation } from './activation';

/** z = W a + b, then φ(z). */
export interface AffineLayer {
  /** As a person would name it: "fc.0" from "fc.0.weight". */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** outputs × inputs, row-major. */
  readonly weight: Float64Array;
  /** null: the layer has none; it then has no bias parameters. */
  readonly bias: Float64Array | null;
  readonly activation: Activation;
  /** Whether a weight decay is over W and over b; absent: over both. */
  readonly decayed?: { readonly weight: boolean; readonly bias: boolean };
}

/** A network z_l = W_l a_{l−1} + b_l, a_l = φ_l(z_l) whose weights are all free and used once (math.md 3). */
export interface Perceptron {
  readonly layers: readonly AffineLayer[];
  /** The graph input that holds the samples. */
  readonly input: string;
  /** a_0 as a fixed function of two samples, lowered; null: it is the flattened sample itself. */
  readonly preprocessing: Value | null;
  /** The tensor that the loss is put on: the graph's name of it. */
  readonly logits: string;
  /** What the graph does to the logits after them. */
  readonly head: HeadKind;
}

/** Trainable numbers of a layer: its weight and its bias. */
export function parametersOf({ weight, bias }: AffineLayer): number {
  return weight.length + (bias?.length ?? 0);
}

/** Those of them that a weight decay is over. */
export function decayedCount({ weight, bias, decayed }: AffineLayer): number {
  const ofWeight = decayed?.weight === false ? 0 : weight.length;
  return ofWeight + (decayed?.bias === false ? 0 : (bias?.length ?? 0));
}

/** Trainable numbers of all layers. */
export function parameterCount(layers: readonly AffineLayer[]): number {
  return layers.reduce((sum, layer) => sum + parametersOf(layer), 0);
}
