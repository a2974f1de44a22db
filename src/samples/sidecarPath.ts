import { dirname, join, parse } from 'node:path';

/** `models/digits.onnx` → `models/digits.sharpness.json`. */
export function sidecarPath(modelFile: string): string {
  return join(dirname(modelFile), `${parse(modelFile).name}.sharpness.json`);
}
