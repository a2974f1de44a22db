import type { AttributeValue, ModelParts, NodeParts, TensorValue } from '../../onnxModel';
import { floats } from '../../autodiff/opening';

/** An operator between two layers, [N, shape] → [N, anything]. */
export interface OperatorCase {
  readonly operator: string;
  /** ONNX's own unless told. */
  readonly domain?: string;
  /** Says how the case differs from others of the operator. */
  readonly note?: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Numbers of one sample after the operator; as many as before it unless told. */
  readonly size?: number;
  /** Further inputs, by name. */
  readonly tensors?: Readonly<Record<string, TensorValue>>;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly opset?: number;
  /** Added to what goes in, to keep logarithms and roots away from 0. */
  readonly shift?: number;
  /** Instead of one node; it takes x and gives y. */
  readonly nodes?: readonly NodeParts[];
  /** onnxruntime has no float64 kernel of one of the operators. */
  readonly float32Only?: boolean;
}

export const ints = (...data: number[]): TensorValue => ({
  dims: [data.length],
  data: BigInt64Array.from(data, BigInt),
});

export const int = (value: number): TensorValue => ({ dims: [], data: BigInt64Array.of(BigInt(value)) });

export const scalar = (value: number): TensorValue => ({ dims: [], data: Float32Array.of(value) });

export const countOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** input → MatMul → reshape to the shape → the operator → flatten → MatMul → logits. */
export function operatorNetwork(one: OperatorCase): ModelParts {
  const size = countOf(one.shape);
  const names = Object.keys(one.tensors ?? {});
  const { domain = '', opset = 17 } = one;
  const middle = one.nodes ?? [
    {
      operator: one.operator,
      domain,
      inputs: ['x', ...names],
      outputs: ['y'],
      attributes: one.attributes ?? {},
      name: 'subject',
    },
  ];
  return {
    opset: { '': opset, 'com.microsoft': 1, 'ai.onnx.ml': 3 },
    irVersion: 10,
    nodes: [
      { operator: 'MatMul', inputs: ['input', 'first'], outputs: ['m'] },
      { operator: 'Add', inputs: ['m', 'shift'], outputs: ['shifted'] },
      { operator: 'Reshape', inputs: ['shifted', 'inner shape'], outputs: ['x'] },
      ...middle,
      { operator: 'Flatten', inputs: ['y'], outputs: ['flat'] },
      { operator: 'Tanh', inputs: ['flat'], outputs: ['bounded'] },
      { operator: 'MatMul', inputs: ['bounded', 'summing'], outputs: ['h'] },
      { operator: 'MatMul', inputs: ['input', 'last'], outputs: ['m2'] },
      { operator: 'Add', inputs: ['h', 'm2'], outputs: ['logits'] },
    ],
    initialisers: {
      first: floats(1, [4, size]),
      last: floats(2, [4, 3]),
      shift: scalar(one.shift ?? 0),
      'inner shape': ints(-1, ...one.shape),
      summing: floats(3, [one.size ?? size, 3]),
      ...one.tensors,
    },
    inputs: [{ name: 'input', dims: ['N', 4] }],
    outputs: ['logits'],
  };
}
