import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const rows = 40;
const inputs = 64;
const classes = 10;

/**
 * Puts the digits classifier of the examples into a folder of its own, beside a few made-up samples that fit it: an
 * analysis that takes no time.
 */
export async function writeSmallModel(examples: string, folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const lines = Array.from({ length: rows }, (_, row) => {
    const values = Array.from({ length: inputs }, (_unused, column) => ((row * 7 + column * 13) % 17) / 16);
    return [...values, row % classes].join(',');
  });
  await writeFile(join(folder, 'samples.csv'), `${lines.join('\n')}\n`);
  const model = join(folder, name);
  await copyFile(join(examples, 'digits.onnx'), model);
  return model;
}
