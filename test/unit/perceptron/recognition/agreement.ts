import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { PerceptronReading, ReadPerceptron } from '../../../../src/analysis/readPerceptron';
import { openAnalysedModel } from '../../../../src/analysis/analysedModel';
import { readPerceptron } from '../../../../src/analysis/readPerceptron';
import { noSubjectChoice } from '../../../../src/subject/subject';
import { readOnnx } from '../../../../src/formats/onnx/readOnnx';
import type { Graph } from '../../../../src/graph/graph';
import { FailureError } from '../../../../src/report/failure';
import { graphFile } from '../../analysis/graphFile';
import { evaluateGraph } from './evaluateGraph';
import { plainForward, randomSource } from './plainForward';

/** A graph written to the bytes of a file, read back and recognised; some file must lie where it is said to. */
export async function reading(graph: Graph, output: string | null = null): Promise<PerceptronReading> {
  const model = await readOnnx(fileURLToPath(import.meta.url), graphFile(graph).model);
  try {
    return await readPerceptron(openAnalysedModel(model, { ...noSubjectChoice, output }, 1), null);
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** Recognises a graph and compares the perceptron's logits with the graph's own on random samples. */
export async function recognised(
  graph: Graph,
  sampleDims: readonly number[],
  output: string | null = null,
): Promise<ReadPerceptron> {
  const found = await reading(graph, output);
  if (!found.ok) throw new Error(found.failure.message);
  const { perceptron } = found.read;
  const random = randomSource(7);
  const count = 5;
  const width = sampleDims.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: count * width }, () => 4 * random());
  const samples = { dims: [count, ...sampleDims], data };
  const logits = evaluateGraph(graph, perceptron.input, samples, perceptron.logits).data;
  const outputs = perceptron.layers.at(-1)?.outputs ?? 0;
  expect(logits).toHaveLength(count * outputs);
  const all = await plainForward(perceptron, data, width);
  all.forEach((value, i) => {
    const expected = logits[i] ?? NaN;
    // Constants that the file's own operators compute are rounded to float32: 6·10⁻⁸ each.
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(expected)));
  });
  return found.read;
}

/** The sentence of the refusal. */
export async function refusal(graph: Graph, output: string | null = null): Promise<string> {
  const found = await reading(graph, output);
  if (found.ok) throw new Error('the graph was recognised');
  return `${found.failure.kind}: ${found.failure.message}`;
}
