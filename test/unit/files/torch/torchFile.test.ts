import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../../src/files/randomAccess';
import { parseNpy } from '../../../../src/files/npy';
import { readZipDirectory, readZipEntry } from '../../../../src/files/zip';
import { PickleDict, type PickleValue } from '../../../../src/files/pickle/values';
import { readTorchFile, type TorchFile } from '../../../../src/files/torch/torchFile';
import { tensorOf } from '../../../../src/files/torch/torchTensor';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const folder = join(shared ?? '', 'reference', 'formats');
const skipped = shared === undefined;
if (skipped)
  console.warn('MODEL_SHARPNESS_SHARED is not set: the checkpoints of the references are not read');
const names = skipped ? [] : readdirSync(folder);

async function readFile(name: string): Promise<TorchFile> {
  const path = join(folder, name);
  // Kept in memory, so that nothing stays open.
  const bytes = new Uint8Array(readFileSync(path));
  return readTorchFile(memoryFile(name, bytes));
}

function dictOf(value: PickleValue | undefined): PickleDict {
  if (value instanceof PickleDict) return value;
  throw new Error('no dict');
}

/** The tensors of a state dict as dims and bytes, by name. */
async function tensorsOf(file: TorchFile, dict: PickleDict): Promise<Map<string, string>> {
  const tensors = new Map<string, string>();
  for (const [key, value] of dict.entries()) {
    const tensor = tensorOf(value);
    if (tensor === null || typeof key !== 'string') throw new Error('no tensor');
    tensors.set(
      key,
      `${tensor.type} ${tensor.dims.join('x')} ${Buffer.from(await file.numbers(tensor)).toString('hex')}`,
    );
  }
  return tensors;
}

describe.skipIf(skipped)('checkpoints of PyTorch', () => {
  it.each(names.filter((name) => name.endsWith('.state.pt')))(
    '%s holds the same in every form',
    async (name) => {
      const model = name.slice(0, -'.state.pt'.length);
      const state = await readFile(name);
      const expected = await tensorsOf(state, dictOf(state.root));
      expect(expected.size).toBeGreaterThan(2);
      const legacy = await readFile(`${model}.legacy.pth`);
      expect(await tensorsOf(legacy, dictOf(legacy.root))).toEqual(expected);
      const lightning = await readFile(`${model}.lightning.ckpt`);
      const prefixed = await tensorsOf(lightning, dictOf(dictOf(lightning.root).get('state_dict')));
      expect(new Map([...prefixed].map(([key, value]) => [key.replace(/^model\./, ''), value]))).toEqual(
        expected,
      );
      const shapes = JSON.parse(readFileSync(join(folder, `${model}.ref.json`), 'utf8')) as { P?: number };
      expect(shapes).toBeDefined();
    },
  );

  it.each(names.filter((name) => name.endsWith('.data.pt')))('%s holds what its npz does', async (name) => {
    const file = await readFile(name);
    const read = await tensorsOf(file, dictOf(file.root));
    const npz = memoryFile(
      name,
      new Uint8Array(readFileSync(join(folder, name.replace('.data.pt', '.npz')))),
    );
    for (const entry of await readZipDirectory(npz)) {
      const array = parseNpy(entry.name, await readZipEntry(npz, entry, 2 ** 30));
      const text = `${array.type} ${array.shape.join('x')} ${Buffer.from(array.bytes).toString('hex')}`;
      expect(read.get(entry.name.replace('.npy', ''))).toBe(text);
    }
  });

  it.each(names.filter((name) => name.endsWith('.module.pt')))('%s is read as data', async (name) => {
    const file = await readFile(name);
    expect(JSON.stringify(file.root)).toContain('fixmodels');
  });
});
