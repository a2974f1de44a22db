import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
} from '../src/runtime/onnx/onnx_pb';
import { layersOf, type Network } from './perceptronTraining';

/** A tensor [N, width] of float32. */
function rowsOf(name: string, width: number) {
  return {
    name,
    type: {
      tensorType: {
        elemType: DataType.FLOAT,
        shape: {
          dim: [
            { value: { case: 'dimParam' as const, value: 'N' } },
            { value: { case: 'dimValue' as const, value: BigInt(width) } },
          ],
        },
      },
    },
  };
}

/** The values rounded to float32, little-endian as ONNX wants them. */
function float32Bytes(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat32(4 * index, value, true);
  });
  return bytes;
}

/**
 * The network as an ONNX model with the names and the layout of PyTorch's exporter: `fc.K.weight` (outputs × inputs),
 * `fc.K.bias`, Gemm with transB = 1, Tanh between the layers; input "input" [N, width], output "logits" [N, classes].
 */
export function perceptronOnnx(network: Network): Uint8Array {
  const layers = layersOf(network.widths, network.parameters);
  const last = layers.length - 1;
  const node = layers.flatMap((_, index) => {
    const affine = {
      name: `/fc.${index}/Gemm`,
      opType: 'Gemm',
      input: [
        index === 0 ? 'input' : `/act.${index - 1}/Tanh_output_0`,
        `fc.${index}.weight`,
        `fc.${index}.bias`,
      ],
      output: [index === last ? 'logits' : `/fc.${index}/Gemm_output_0`],
      attribute: [{ name: 'transB', type: AttributeType.INT, i: 1n }],
    };
    const activation = {
      name: `/act.${index}/Tanh`,
      opType: 'Tanh',
      input: [`/fc.${index}/Gemm_output_0`],
      output: [`/act.${index}/Tanh_output_0`],
    };
    return index === last ? [affine] : [affine, activation];
  });
  const initializer = layers.flatMap((layer, index) => [
    {
      name: `fc.${index}.weight`,
      dims: [BigInt(layer.outputs), BigInt(layer.inputs)],
      dataType: DataType.FLOAT,
      rawData: float32Bytes(layer.weight),
    },
    {
      name: `fc.${index}.bias`,
      dims: [BigInt(layer.outputs)],
      dataType: DataType.FLOAT,
      rawData: float32Bytes(layer.bias),
    },
  ]);
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'model-sharpness example',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'digits',
      node,
      initializer,
      input: [rowsOf('input', network.widths[0]!)],
      output: [rowsOf('logits', network.widths.at(-1)!)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
