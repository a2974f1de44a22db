import { FailureError } from '../../report/failure';
import type { RandomAccessFile } from '../../files/randomAccess';
import { readZipDirectory } from '../../files/zip';
import type { FormatName } from './formats';

/** What a zip archive is, by the names in its directory; PyTorch's lie in a folder named after the file. */
export async function zipFormat(file: RandomAccessFile): Promise<FormatName> {
  let paths: readonly string[];
  try {
    paths = (await readZipDirectory(file)).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof FailureError) return 'damagedZip';
    throw error;
  }
  const names = new Set(paths.map((path) => path.slice(path.lastIndexOf('/') + 1)));
  if (paths.includes('config.json') && paths.some((path) => path.startsWith('model.weights.')))
    return 'keras';
  if (names.has('policy.pth') || names.has('_stable_baselines3_version')) return 'stableBaselines';
  if (names.has('archive_format') || names.has('serialized_exported_program.json')) return 'pytorchExport';
  if (names.has('constants.pkl')) return 'torchScript';
  if (names.has('data.pkl')) return 'pytorch';
  const arrays = paths.length > 0 && paths.every((path) => path.endsWith('.npy'));
  return arrays ? 'npz' : 'zip';
}
