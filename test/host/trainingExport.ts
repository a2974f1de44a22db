import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxModel } from '../unit/onnxModel';

const inputs = 64;
const classes = 10;

/**
 * Writes a classifier that was exported in training mode, with a normalisation by the statistics of each batch, for the
 * samples of `writeSmallModel`.
 */
export async function writeTrainingExport(folder: string, name: string): Promise<string> {
  const numbers = (count: number, value: (index: number) => number) =>
    Float32Array.from({ length: count }, (_, i) => value(i));
  const ones = { dims: [classes], data: numbers(classes, () => 1) };
  const zeros = { dims: [classes], data: numbers(classes, () => 0) };
  const bytes = onnxModel({
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'fc.weight'], outputs: ['a'], name: 'fc' },
      {
        operator: 'BatchNormalization',
        inputs: ['a', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'],
        outputs: ['logits', 'mean', 'variance'],
        attributes: { training_mode: { int: 1 } },
        name: 'bn',
      },
    ],
    initialisers: {
      'fc.weight': { dims: [inputs, classes], data: numbers(inputs * classes, (i) => Math.sin(i) / 4) },
      'bn.weight': ones,
      'bn.bias': zeros,
      'bn.running_mean': zeros,
      'bn.running_var': ones,
    },
    inputs: [{ name: 'x', dims: ['N', inputs] }],
    outputs: [{ name: 'logits', dims: ['N', classes] }],
  });
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}
