import type { Loss } from '../../../src/report/report';
import { floats } from '../autodiff/opening';
import type { NodeParts } from '../onnxModel';
import { explicitCurvature } from '../perceptron/closedForm/explicitHessian';

/** The weights of a perceptron 2-4-2 with tanh. */
export const initialisers = {
  w1: floats(1, [2, 4]),
  b1: floats(2, [4]),
  w2: floats(3, [4, 2], 2),
  b2: floats(4, [2]),
};

/** From x to z. */
export const layers: readonly NodeParts[] = [
  { operator: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['a'] },
  { operator: 'Tanh', inputs: ['a'], outputs: ['b'] },
  { operator: 'Gemm', inputs: ['b', 'w2', 'b2'], outputs: ['z'] },
];

/** Multiples of 1/8, which float32 holds. */
export const samples = Array.from({ length: 12 }, (_, n) => [
  ((5 * n) % 16) / 8 - 1,
  ((7 * n) % 24) / 8 - 1.5,
]);
export const targets = samples.map((_, n) => [((11 * n) % 32) / 8 - 2, ((13 * n) % 40) / 8 - 2.5]);

const transposed = ({ data }: { data: Float32Array }, rows: number, columns: number): number[] =>
  Array.from({ length: rows * columns }, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!);

/** Its explicit Hessian, loss and gradient. */
export function explicitly(loss: Loss) {
  return explicitCurvature({
    widths: [2, 4, 2],
    biased: [true, true],
    activations: ['tanh', 'identity'],
    parameters: [
      [...transposed(initialisers.w1, 2, 4), ...initialisers.b1.data],
      [...transposed(initialisers.w2, 4, 2), ...initialisers.b2.data],
    ],
    samples,
    targets,
    loss,
  });
}
