/**
 * Makes `digits.onnx` and `digits-early.onnx` beside `digits.npz`: a tanh perceptron 64-32-16-10 that reads handwritten
 * digits, trained on all 1797 of them, and the same run after its third pass. `npm run example` runs it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSamples } from '../src/samples/readSamples';
import { perceptronOnnx } from './perceptronOnnx';
import { accuracyOf, trainNetwork } from './perceptronTraining';

const [, , folder = 'examples'] = process.argv;
const epochs = 30;
const earlyEpoch = 3;

async function main(): Promise<void> {
  const read = await readSamples(
    { kind: 'file', path: join(folder, 'digits.npz'), inputs: { '': 'x' }, labels: 'y' },
    [{ name: 'input', type: 'float32', dims: [64] }],
    { scale: 1, limit: null, seed: 0 },
  );
  const [input] = read.inputs;
  if (input === undefined || read.labels?.kind !== 'classes')
    throw new TypeError('digits.npz holds no x and y.');
  const samples = { inputs: input.data, labels: read.labels.values };

  const network = trainNetwork(samples, {
    widths: [64, 32, 16, 10],
    epochs,
    batchSize: 32,
    learningRate: 3e-3,
    seed: 0,
    afterEpoch(epoch, current, loss) {
      console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
      if (epoch === earlyEpoch) writeFileSync(join(folder, 'digits-early.onnx'), perceptronOnnx(current));
    },
  });
  const accuracy = accuracyOf({ ...network, parameters: network.parameters.map(Math.fround) }, samples);
  if (accuracy < 0.99) throw new Error(`The accuracy is ${accuracy}, below the 0.99 that is asked.`);
  writeFileSync(join(folder, 'digits.onnx'), perceptronOnnx(network));
  console.log(`accuracy ${accuracy.toFixed(4)} on the samples it was trained on`);
}

void main();
