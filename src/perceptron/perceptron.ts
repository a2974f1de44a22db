import type { Activation } from './activation';

/** y = scale ⊙ x + shift by fixed numbers: never parameters. */
export interface ScaleAndShift {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** z = W a + b, then S ⊙ φ(s ⊙ z + t) + T, where most layers have no normalisation and a = φ(z). */
export interface AffineLayer {
  /** As a person would name it: "fc.0" from "fc.0.weight". */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** outputs × inputs, row-major. */
  readonly weight: Float64Array;
  /** null: the layer has none; it then has no bias parameters. */
  readonly bias: Float64Array | null;
  /**
   * s and t by unit: batch normalisation in evaluation mode between the affine layer and its activation, γ/√(σ² + ε) and
   * β − μγ/√(σ² + ε). Kept apart from W and b, since folded into them it would change the Hessian. null: there is none.
   */
  readonly normalisation: ScaleAndShift | null;
  readonly activation: Activation;
  /** S and T by unit: the same after the activation. null: there is none. */
  readonly outputNormalisation: ScaleAndShift | null;
}

/** A network z_l = W_l a_{l−1} + b_l, a_l = φ_l(z_l) whose weights are all free and used once (math.md 3). */
export interface Perceptron {
  readonly layers: readonly AffineLayer[];
  /** The graph input that holds the samples. */
  readonly input: string;
  /** Maps one flattened sample to a_0 = scale ⊙ x + shift: fixed preprocessing found before the first layer; null: none. */
  readonly preprocessing: ScaleAndShift | null;
  /** The tensor that the loss is put on: the graph's name of it. */
  readonly logits: string;
  /** What the graph does to the logits after them. */
  readonly head: 'none' | 'softmax' | 'sigmoid';
}

/** Trainable numbers of a layer: its weight and its bias. */
export function parametersOf({ weight, bias }: AffineLayer): number {
  return weight.length + (bias?.length ?? 0);
}

/** Trainable numbers of all layers. */
export function parameterCount(layers: readonly AffineLayer[]): number {
  return layers.reduce((sum, layer) => sum + parametersOf(layer), 0);
}
