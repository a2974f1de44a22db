import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxModel } from '../unit/onnxModel';

/** Writes a classifier of images of any size, which it averages. */
export async function writeOpenSizes(folder: string, name: string): Promise<string> {
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 4);
  const bytes = onnxModel({
    nodes: [
      { operator: 'Conv', inputs: ['image', 'conv.weight'], outputs: ['c'], name: 'conv' },
      { operator: 'Tanh', inputs: ['c'], outputs: ['t'] },
      { operator: 'GlobalAveragePool', inputs: ['t'], outputs: ['p'] },
      { operator: 'Flatten', inputs: ['p'], outputs: ['f'] },
      { operator: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['logits'], name: 'fc' },
    ],
    initialisers: {
      'conv.weight': { dims: [4, 2, 3, 3], data: numbers(72) },
      'fc.weight': { dims: [4, 3], data: numbers(12) },
    },
    inputs: [{ name: 'image', dims: ['N', 2, 'H', 'W'] }],
    outputs: [{ name: 'logits', dims: ['N', 3] }],
  });
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}
