import { basename } from 'node:path';
import type { Model } from '../formats/model';
import type { ModelFacts } from '../report/report';

/** @param output the tensor that the loss is put on */
export function modelFacts(
  { file, sha256, format, producer }: Model,
  output: string,
  parameters: number,
  architecture: string,
): ModelFacts {
  return { file: basename(file), sha256, format, producer, parameters, output, architecture };
}
