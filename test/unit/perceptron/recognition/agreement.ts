import { expect } from 'vitest';
import type { Graph } from '../../../../src/graph/graph';
import type { Recognition } from '../../../../src/perceptron/recognise';
import { recognisePerceptron } from '../../../../src/perceptron/recognise';
import { evaluateGraph } from './evaluateGraph';
import { plainForward, randomSource } from './plainForward';

export type Recognised = Extract<Recognition, { ok: true }>;

/** Recognises a graph and compares the perceptron's logits with the graph's own on random samples. */
export function recognised(
  graph: Graph,
  sampleDims: readonly number[],
  output: string | null = null,
): Recognised {
  const recognition = recognisePerceptron(graph, output);
  if (!recognition.ok) throw new Error(recognition.failure.message);
  const { perceptron } = recognition;
  const random = randomSource(7);
  const count = 5;
  const width = sampleDims.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: count * width }, () => 4 * random());
  const samples = { dims: [count, ...sampleDims], data };
  const logits = evaluateGraph(graph, perceptron.input, samples, perceptron.logits).data;
  const outputs = perceptron.layers.at(-1)?.outputs ?? 0;
  expect(logits).toHaveLength(count * outputs);
  for (let n = 0; n < count; n += 1) {
    const found = plainForward(perceptron, data.slice(n * width, (n + 1) * width));
    found.forEach((value, i) => {
      const expected = logits[n * outputs + i] ?? NaN;
      // Constants of the file are rounded to float32: 6·10⁻⁸ each.
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(expected)));
    });
  }
  return recognition;
}

/** The sentence of the refusal. */
export function refusal(graph: Graph, output: string | null = null): string {
  const recognition = recognisePerceptron(graph, output);
  if (recognition.ok) throw new Error('the graph was recognised');
  return `${recognition.failure.kind}: ${recognition.failure.message}`;
}
