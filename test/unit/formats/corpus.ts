import { join } from 'node:path';

const shared = process.env['MODEL_SHARPNESS_SHARED'];

/** Whether the folder of real model files is there. */
export const corpusPresent = shared !== undefined;

/** Put into the names of tests that need it. */
export const corpusNote = corpusPresent ? '' : ' (corpus absent: MODEL_SHARPNESS_SHARED not set)';

/** A file of that folder, by its path in it, such as "corpus/marabou-fc_2-2-3.onnx". */
export function sharedFile(path: string): string {
  return join(shared ?? '', path);
}
