export type ActivationName =
  | 'identity'
  | 'relu'
  | 'leaky-relu'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'gelu'
  | 'gelu-tanh'
  | 'silu'
  | 'elu'
  | 'selu'
  | 'mish'
  | 'hard-swish'
  | 'hard-sigmoid';

/** An elementwise activation φ with its first two derivatives, each accurate to float64 rounding. */
export interface Activation {
  readonly name: ActivationName;
  readonly value: (z: number) => number;
  readonly first: (z: number) => number;
  readonly second: (z: number) => number;
}
