import { quoted } from '../../formats/quoted';
import type { GraphNode } from '../../graph/graph';
import { FailureError } from '../../report/failure';

const supported =
  'supported are chains of affine layers (Gemm, MatMul and Add, a Conv over its whole input) with elementwise activations, ' +
  'batch normalisation in evaluation mode, fixed scaling before them and a softmax or sigmoid after them';

/** `"conv1" (Conv)`, with the domain where it is not ONNX's own. */
export function nodeTitle(node: GraphNode): string {
  const operator = node.domain === '' ? node.operator : `${node.domain} ${node.operator}`;
  return `${quoted(node.name)} (${operator.slice(0, 80)})`;
}

/** The node stands where a perceptron has none of its kind; `why` continues "The node … (…)". */
export function obstacle(node: GraphNode, why: string): FailureError {
  return new FailureError(
    'UnsupportedStructure',
    `The node ${nodeTitle(node)} ${why}, so this graph is not read as a perceptron; ${supported}.`,
  );
}

/** No rule for this operator at all. */
export function unknownOperator(node: GraphNode, why = 'is no part of a perceptron'): FailureError {
  return new FailureError('UnsupportedOperator', `The node ${nodeTitle(node)} ${why}; ${supported}.`);
}

/** The node contradicts ONNX's own rules. */
export function contradiction(node: GraphNode, why: string): FailureError {
  return new FailureError(
    'DamagedModel',
    `The node ${nodeTitle(node)} ${why}; export the model again, or check it with onnx.checker.`,
  );
}
