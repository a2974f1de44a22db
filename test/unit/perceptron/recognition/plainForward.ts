import { firstActivations } from '../../../../src/perceptron/forward';
import type { Perceptron } from '../../../../src/perceptron/perceptron';

/** The logits of samples one after the other, written down from the definition. */
export async function plainForward(
  perceptron: Perceptron,
  samples: readonly number[],
  width: number,
): Promise<number[]> {
  const rows = samples.length / width;
  const { values } = await firstActivations(perceptron, {
    rows,
    columns: width,
    data: Float64Array.from(samples),
  });
  return Array.from({ length: rows }, (_, n) => {
    let a = Float64Array.from(values.data.subarray(n * values.columns, (n + 1) * values.columns));
    for (const { inputs, outputs, weight, bias, activation } of perceptron.layers) {
      const z = Float64Array.from({ length: outputs }, (__, row) => {
        let sum = bias === null ? 0 : (bias[row] ?? NaN);
        for (let k = 0; k < inputs; k += 1) sum += (weight[row * inputs + k] ?? NaN) * (a[k] ?? NaN);
        return sum;
      });
      a = Float64Array.from(activation.values(z));
    }
    return [...a];
  }).flat();
}

/** A seeded source of numbers, uniform in (−1, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}
