import { join } from 'node:path';

const shared = process.env['MODEL_SHARPNESS_SHARED'];

/** Whether the folder of real model files is there. */
export const corpusPresent = shared !== undefined;

/** Put into the names of tests that need it. */
export const corpusNote = corpusPresent ? '' : ' (corpus absent: MODEL_SHARPNESS_SHARED not set)';

export function corpusFile(name: string): string {
  return join(shared ?? '', 'corpus', name);
}

export function referenceFile(name: string): string {
  return join(shared ?? '', 'reference', name);
}
