import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';

/**
 * An ONNX file that contradicts itself.
 * @param file the file's name without its folder.
 * @param what the contradiction, as the end of a sentence that begins with the file's name and "is damaged:".
 */
export function damagedModel(file: string, what: string, detail: string | null = null): FailureError {
  return new FailureError(
    'DamagedModel',
    `${quote(file)} is damaged: ${what}; copy the file again or export the model again.`,
    detail,
  );
}
