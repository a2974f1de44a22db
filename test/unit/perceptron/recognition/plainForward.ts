import type { Perceptron } from '../../../../src/perceptron/perceptron';

/** The logits of one sample, written down from the definition. */
export function plainForward(perceptron: Perceptron, sample: readonly number[]): number[] {
  const { preprocessing } = perceptron;
  let a = sample.map((x, i) =>
    preprocessing === null ? x : x * (preprocessing.scale[i] ?? NaN) + (preprocessing.shift[i] ?? NaN),
  );
  for (const layer of perceptron.layers) {
    const { inputs, outputs, weight, bias, normalisation, activation, outputNormalisation } = layer;
    const previous = a;
    a = Array.from({ length: outputs }, (_, row) => {
      let z = bias === null ? 0 : (bias[row] ?? NaN);
      for (let k = 0; k < inputs; k += 1) z += (weight[row * inputs + k] ?? NaN) * (previous[k] ?? NaN);
      if (normalisation !== null)
        z = z * (normalisation.scale[row] ?? NaN) + (normalisation.shift[row] ?? NaN);
      const value = activation.value(z);
      if (outputNormalisation === null) return value;
      return value * (outputNormalisation.scale[row] ?? NaN) + (outputNormalisation.shift[row] ?? NaN);
    });
  }
  return a;
}

/** A seeded source of numbers, uniform in (−1, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}
