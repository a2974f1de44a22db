import type { Graph, GraphNode, Tensor } from './graph';

const quantised =
  /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|QLinear.*|QGemm|QAttention|QEmbed.*|MatMulInteger.*|ConvInteger|DynamicQuantizeMatMul|MatMulNBits)$/;

/** Whether a node computes with quantised numbers, or makes them. */
export function isQuantised({ operator }: Pick<GraphNode, 'operator'>): boolean {
  return quantised.test(operator);
}

/** Whether a node rounds by the range of all that it is given, so that samples of one batch change each other. */
export function roundsByBatch({ operator }: Pick<GraphNode, 'operator'>): boolean {
  return operator.startsWith('DynamicQuantize');
}

/**
 * What a quantised operator was, and where it has the inputs that are no scales and zero points. QLinearSoftmax and
 * QLinearSigmoid are left out: they are heads whose logits no tensor holds as floats.
 */
const originals: readonly (readonly [RegExp, string, readonly number[]])[] = [
  [/^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear)$/, 'Identity', [0]],
  [/^(MatMulInteger|MatMulIntegerToFloat|DynamicQuantizeMatMul|MatMulNBits)$/, 'MatMul', [0, 1]],
  [/^ConvInteger$/, 'Conv', [0, 1]],
  [/^QLinearConv$/, 'Conv', [0, 3, 8]],
  [/^QLinearMatMul$/, 'MatMul', [0, 3]],
  [/^QGemm$/, 'Gemm', [0, 3, 6]],
  [/^QLinearAdd$/, 'Add', [0, 3]],
  [/^QLinearMul$/, 'Mul', [0, 3]],
  [/^QLinearLeakyRelu$/, 'LeakyRelu', [0]],
  [/^QLinearAveragePool$/, 'AveragePool', [0]],
  [/^QLinearGlobalAveragePool$/, 'GlobalAveragePool', [0]],
  [/^QLinearReduceMean$/, 'ReduceMean', [0]],
];

/**
 * The graph as it was before it was quantised, for whoever asks what its tensors mean: which is the output, where its head
 * begins, along which axis the classes lie. Tensors keep their names; the numbers of its weights are not those of before.
 * Operators whose original is not known stay.
 */
export function dequantised(graph: Graph): Graph {
  const weights = new Map<string, Tensor>();
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const original = originals.find(([quantised]) => quantised.test(node.operator));
    if (original === undefined) return [node];
    const [, operator, positions] = original;
    const inputs = positions.flatMap((position) => node.inputs[position] ?? []);
    for (const name of inputs) {
      const tensor = graph.initialisers.get(name);
      if (tensor !== undefined) weights.set(name, { ...tensor, type: 'float32' });
    }
    const [output = ''] = node.outputs;
    const constant = weights.get(inputs[0] ?? '');
    if (operator === 'Identity' && constant !== undefined) {
      weights.set(output, constant);
      return [];
    }
    return [{ ...node, operator, domain: '', inputs, outputs: [output] }];
  });
  return { ...graph, nodes, initialisers: new Map([...graph.initialisers, ...weights]) };
}
