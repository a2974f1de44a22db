import { join } from 'node:path';
import { oneHotRows } from '../src/loss/chooseLoss';
import { openAnalysedModel } from '../src/analysis/analysedModel';
import { readPerceptron } from '../src/analysis/readPerceptron';
import { noSubjectChoice } from '../src/subject/subject';
import { readModel } from '../src/formats/readModel';
import { activationNamed } from '../test/unit/perceptron/activationNamed';
import type { Problem } from '../src/perceptron/closedForm/sampleTile';
import { firstActivations } from '../src/perceptron/forward';
import type { AffineLayer } from '../src/perceptron/perceptron';
import { SeededRandom } from '../src/samples/random';
import { readSamples } from '../src/samples/readSamples';

/** The model NAME.onnx with all samples of NAME.npz, from a folder of reference cases. */
export async function referenceProblem(folder: string, name: string): Promise<Problem> {
  const recognition = await readPerceptron(
    openAnalysedModel(await readModel(join(folder, `${name}.onnx`)), noSubjectChoice, 1),
    null,
  );
  if (!recognition.ok) throw new Error(recognition.failure.message);
  const { perceptron, inputSpec } = recognition.read;
  const path = join(folder, `${name}.npz`);
  const samples = await readSamples({ kind: 'file', path, inputs: {}, labels: null }, [inputSpec], {
    scale: 1,
    limit: null,
    seed: 0,
  });
  const [input] = samples.inputs;
  if (input === undefined || samples.labels?.kind !== 'classes') {
    throw new Error(`${path} must hold inputs and class labels.`);
  }
  const rows = { rows: samples.count, columns: input.data.length / samples.count, data: input.data };
  const width = perceptron.layers.at(-1)?.outputs ?? 0;
  return {
    perceptron,
    inputs: (await firstActivations(perceptron, rows)).values,
    loss: 'cross-entropy',
    targets: { count: samples.count, width, values: oneHotRows(samples.labels.values, width, path) },
    matrix: 'hessian',
  };
}

/** A tanh network of these widths with normal weights of variance 1/inputs, `count` normal inputs and uniform labels. */
export function randomProblem(widths: readonly number[], count: number): Problem {
  const random = SeededRandom.fromSeed(1);
  const normals = (length: number, scale: number): Float64Array =>
    Float64Array.from({ length }, () => scale * random.normal());
  const layers = widths.slice(1).map((outputs, l): AffineLayer => {
    const inputs = widths[l] ?? 0;
    return {
      name: `fc.${l}`,
      inputs,
      outputs,
      weight: normals(outputs * inputs, 1 / Math.sqrt(inputs)),
      bias: normals(outputs, 0.1),
      activation: activationNamed(l + 2 === widths.length ? 'identity' : 'tanh'),
    };
  });
  const [inputs = 0, outputs = 0] = [widths[0], widths.at(-1)];
  const classes = Int32Array.from({ length: count }, () => random.below(outputs));
  return {
    perceptron: { layers, input: 'input', preprocessing: null, logits: 'logits', head: 'none' },
    inputs: { rows: count, columns: inputs, data: normals(count * inputs, 1) },
    loss: 'cross-entropy',
    targets: { count, width: outputs, values: oneHotRows(classes, outputs, 'the drawn labels') },
    matrix: 'hessian',
  };
}
