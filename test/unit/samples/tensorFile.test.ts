import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withSampleFile } from '../../../src/samples/sampleFile';
import { memoryFile } from '../../../src/files/randomAccess';
import { readZipDirectory, readZipEntryStart } from '../../../src/files/zip';
import { npyHeaderLimit, parseNpyHeader } from '../../../src/files/npy';
import { temporaryFolder } from '../formats/temporaryFolder';
import { floats, plain, readAt } from './reading';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const references = join(shared ?? '', 'reference', 'formats');
if (shared === undefined)
  console.warn('MODEL_SHARPNESS_SHARED is not set: data of the references is not read');
const models =
  shared === undefined
    ? []
    : readdirSync(references).flatMap((name) => (name.endsWith('.data.pt') ? [name.slice(0, -8)] : []));
const python = '/usr/bin/python3';
const hasTorch = existsSync(python) && spawnSync(python, ['-c', 'import torch']).status === 0;
if (!hasTorch) console.warn(`${python} has no PyTorch: its tensors are not written for the test`);

const folder = temporaryFolder();

describe('tensors as samples', () => {
  it.skipIf(models.length === 0).each(models)('%s.data.pt holds the samples of its npz', async (name) => {
    const npz = memoryFile(name, new Uint8Array(readFileSync(join(references, `${name}.npz`))));
    const entry = (await readZipDirectory(npz)).find((each) => each.name === 'x.npy');
    if (entry === undefined) throw new Error('no x');
    const { shape } = parseNpyHeader('x', await readZipEntryStart(npz, entry, npyHeaderLimit));
    const specs = floats(...shape.slice(1));
    const tensors = await readAt(join(references, `${name}.data.pt`), specs);
    const arrays = await readAt(join(references, `${name}.npz`), specs);
    expect(plain(tensors)).toEqual(plain(arrays));
  });

  it.skipIf(!hasTorch)(
    'are those of a dict, a pair, a list, a TensorDataset, alone, old and narrow',
    async () => {
      const script = `
import sys, torch
from torch.utils.data import TensorDataset
to = sys.argv[1]
x = torch.arange(12.).reshape(3, 4)
y = torch.tensor([2, 0, 1])
torch.save({'inputs': x, 'labels': y, 'epoch': 3}, to + '/dict.pt')
torch.save((x, y), to + '/pair.pt')
torch.save([x, y], to + '/list.pth')
torch.save(TensorDataset(x, y), to + '/dataset.pt')
torch.save(x, to + '/alone.pt')
torch.save({'x': x, 'y': y}, to + '/old.pt', _use_new_zipfile_serialization=False)
torch.save({'x': x.to(torch.bfloat16), 'y': y.to(torch.int8)}, to + '/narrow.pt')
torch.save({'x': x.half().t().contiguous().t(), 'y': y.expand(3)}, to + '/strided.pt')
torch.save({'note': 'nothing', 'z': [1, 2]}, to + '/none.pt')
`;
      expect(spawnSync(python, ['-c', script, folder.path('')], { encoding: 'utf8' }).stderr).not.toContain(
        'Error',
      );
      const rows = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]];
      for (const name of [
        'dict.pt',
        'pair.pt',
        'list.pth',
        'dataset.pt',
        'old.pt',
        'narrow.pt',
        'strided.pt',
      ]) {
        const { inputs, labels } = plain(await readAt(folder.path(name), floats(4)));
        expect(inputs, name).toEqual(rows);
        expect(labels, name).toEqual([2, 0, 1]);
      }
      const alone = await readAt(folder.path('alone.pt'), floats(4));
      expect([plain(alone).inputs, alone.labels]).toEqual([rows, null]);
      await expect(readAt(folder.path('none.pt'), floats(4))).rejects.toThrow(/no tensors by name; save/);
    },
  );

  it('are those of a safetensors file', async () => {
    const header = JSON.stringify({
      x: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      y: { dtype: 'U8', shape: [2], data_offsets: [24, 26] },
    });
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(header.length));
    const numbers = Buffer.concat([Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), Buffer.of(1, 0)]);
    const path = await folder.write('data.safetensors', Buffer.concat([start, Buffer.from(header), numbers]));
    const { inputs, labels } = plain(await readAt(path, floats(3)));
    expect(inputs).toEqual([[1, 2, 3, 4, 5, 6]]);
    expect(labels).toEqual([1, 0]);
  });

  it('that would call code are refused by its name', async () => {
    const pickle = Buffer.from(
      "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.cos\nsystem\n(S'id'\ntR.",
      'latin1',
    );
    const path = await folder.write('evil.pt', pickle);
    await expect(withSampleFile(path, () => Promise.resolve())).rejects.toThrow(
      /"os.system".*nothing .* is run/,
    );
  });
});
