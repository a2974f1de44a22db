import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Graph, GraphNode } from './graph';
import { attributeOf } from './nodeAttributes';
import { nodeText } from './nodeText';

const controlFlow = new Set(['If', 'Loop', 'Scan']);
const recurrent = new Set(['LSTM', 'GRU', 'RNN']);
const quantised =
  /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|QLinear.*|QGemm|QAttention|QEmbed.*|MatMulInteger.*|ConvInteger|DynamicQuantizeMatMul|MatMulNBits)$/;

/**
 * Refuses what no product of curvature exists for, before anything is run.
 * @param evaluation analyse normalisation and dropout of an export in training mode as in evaluation mode
 * @throws FailureError naming the first such node
 */
export function refuseUndifferentiable(graph: Graph, nodes: readonly GraphNode[], evaluation: boolean): void {
  for (const node of nodes) {
    const { operator } = node;
    if (quantised.test(operator)) {
      throw refused(node, 'computes with quantised numbers', 'analyse the float model that it was made from');
    }
    if (controlFlow.has(operator)) {
      throw refused(
        node,
        'decides while it runs what is computed (dynamic control flow)',
        'export the model without it, for one fixed path',
      );
    }
    if (recurrent.has(operator)) {
      throw refused(node, 'is a recurrent layer, which has no derivative here', 'analyse another model');
    }
    if (operator === 'Constant') {
      throw refused(
        node,
        `holds ${printable(valueText(node))}, which is not read here`,
        'export the model with float32 weights',
      );
    }
    if (!evaluation && operator === 'BatchNormalization' && inTrainingMode(graph, node)) {
      throw new FailureError(
        'UnsupportedStructure',
        `${nodeText(node)} is in training mode, where every sample's loss depends on the whole batch; export the model after model.eval(), or ask for --evaluation to analyse it with its running statistics.`,
      );
    }
  }
}

function valueText(node: GraphNode): string {
  const value = node.attributes.get('value');
  return value?.kind === 'unsupported' ? value.value : 'a constant';
}

function refused(node: GraphNode, what: string, remedy: string): FailureError {
  return new FailureError('UnsupportedOperator', `${nodeText(node)} ${what}; ${remedy}.`);
}

/** Before operator set 14 the number of outputs tells, since then an attribute. */
function inTrainingMode(graph: Graph, node: GraphNode): boolean {
  if ((graph.opsets.get('') ?? 0) >= 14) return (attributeOf(node, 'training_mode', 'int') ?? 0) !== 0;
  return node.outputs.slice(1).some((output) => output !== '');
}
