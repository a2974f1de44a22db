import { createHash } from 'node:crypto';
import { openRandomAccessFile, type RandomAccessFile } from '../../files/randomAccess';
import type { Tensor } from '../../graph/graph';
import { builtModel } from '../built/builtModel';
import type { Model } from '../model';
import { readArchive } from './archive';
import { parseProgram } from './program';
import { translate } from './translate';

const hashStep = 16 * 1024 ** 2;

/**
 * Reads a program of torch.export (.pt2): its operators, parameters and what of them is trained. No code of it runs.
 * @throws FailureError UnsupportedOperator for an operator that is not read, by its name; UnsupportedStructure for a program
 * in training mode; DamagedModel, UnsupportedFormat, TooLarge
 */
export async function readExported(path: string): Promise<Model> {
  const file = await openRandomAccessFile(path);
  try {
    const archive = await readArchive(file);
    const program = parseProgram(file.name, archive.program);
    const tensors = new Map<string, Tensor>();
    for (const { kind, name } of program.inputs)
      if (kind !== 'samples' && !tensors.has(name)) tensors.set(name, await archive.tensor(name));
    const { graph, parameters, paddingRows } = translate(file.name, program, tensors);
    return builtModel(graph, {
      file: path,
      sha256: await sha256Of(file),
      format: 'PyTorch program',
      producer: program.version === null ? 'PyTorch' : `PyTorch ${program.version}`,
      parameters,
      paddingRows,
    });
  } finally {
    await file.close();
  }
}

async function sha256Of(file: RandomAccessFile): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < file.size; at += hashStep)
    hash.update(await file.read(at, Math.min(hashStep, file.size - at)));
  return hash.digest('hex');
}
