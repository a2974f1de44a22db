import { TensorProto_DataType as DataType } from '../../src/runtime/onnx/onnx_pb';
import type { ModelParts, NodeParts, TensorParts } from './onnxModel';

const zeros = { dims: [], data: Uint8Array.of(128) };

/** The network with every tensor inside rounded by QuantizeLinear and DequantizeLinear, under the names that it had. */
export function roundedParts(parts: ModelParts, scale = 1 / 64): ModelParts {
  const initialisers = {
    ...(parts.initialisers as object),
    scale_: { dims: [], data: Float32Array.of(scale) },
  };
  const nodes = parts.nodes.flatMap((node): NodeParts[] => {
    const [output = ''] = node.outputs;
    return [
      { ...node, outputs: [`${output}_exact`] },
      {
        operator: 'QuantizeLinear',
        inputs: [`${output}_exact`, 'scale_', 'zero_'],
        outputs: [`${output}_q`],
      },
      { operator: 'DequantizeLinear', inputs: [`${output}_q`, 'scale_', 'zero_'], outputs: [output] },
    ];
  });
  return { ...parts, nodes, initialisers: { ...initialisers, zero_: zeros } };
}

/** Rows of a weight in so many bits: the whole numbers, and a scale for each `group` numbers of a row. */
export function roundedWeight(
  weight: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  bits: number,
  group: number,
): { readonly whole: TensorParts; readonly scale: Float32Array } {
  const most = 2 ** (bits - 1) - 1;
  const groups = Math.ceil(columns / group);
  const scale = new Float32Array(rows * groups);
  const whole = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let g = 0; g < groups; g++) {
      const places = Array.from(
        { length: Math.min(group, columns - g * group) },
        (_, i) => row * columns + g * group + i,
      );
      const step = Math.max(...places.map((at) => Math.abs(weight[at]!))) / most;
      scale[row * groups + g] = step;
      // No number of these files lies half way.
      for (const at of places) whole[at] = Math.round(weight[at]! / step);
    }
  return {
    whole: {
      dims: [BigInt(rows), BigInt(columns)],
      dataType: DataType.INT8,
      rawData: new Uint8Array(whole.buffer),
    },
    scale,
  };
}
