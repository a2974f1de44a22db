import { openRandomAccessFile, type RandomAccessFile } from '../../files/randomAccess';
import { readTorchFile } from '../../files/torch/torchFile';
import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import type { WeightsFile } from '../weights/weightsFile';
import { sha256Of } from '../weights/fileFacts';
import { moduleArchitecture } from './moduleLayers';
import { optimiserTraining } from './optimiserTraining';
import { checkpointOf } from './stateDict';

/**
 * The weights of what torch.save wrote, and what it tells of their architecture. No code of the pickle runs.
 * @param path absolute
 * @throws FailureError DamagedModel, UnsupportedFormat, TooLarge
 */
export async function readTorchWeights(path: string): Promise<WeightsFile> {
  const file = await openRandomAccessFile(path);
  try {
    return await weightsOf(path, file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function weightsOf(path: string, file: RandomAccessFile): Promise<WeightsFile> {
  const torch = await readTorchFile(file);
  const found = checkpointOf(torch);
  if (found === null)
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(file.name)} holds no tensors by name; save the weights with torch.save(model.state_dict(), …).`,
    );
  const format = found.module === null ? 'PyTorch state dict' : 'PyTorch module';
  return {
    facts: { file: path, sha256: await sha256Of(file), format, producer: null },
    name: file.name,
    weights: found.weights,
    told: found.module === null ? null : moduleArchitecture(found.module),
    trainingOf: async (trained) => optimiserTraining(torch, found.weights, trained),
    close: () => file.close(),
  };
}
