import type { Origin } from '../graph/static/value';
import { nodeText } from '../graph/nodeText';
import { FailureError } from '../report/failure';

const supported =
  'supported are chains of affine layers (Gemm, MatMul and Add, a Conv over its whole input) with elementwise activations, ' +
  'whatever is fixed before them, and a softmax or sigmoid after them';

/** What stands where a perceptron has nothing of its kind; `why` continues "Node … (…)". */
export function obstacle(origin: Origin | null, why: string): FailureError {
  const where = origin === null ? 'The output' : nodeText(origin);
  return new FailureError(
    'UnsupportedStructure',
    `${where} ${why}, so this graph is not read as a perceptron; ${supported}.`,
  );
}
