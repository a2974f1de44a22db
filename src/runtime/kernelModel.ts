import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType, type NodeProtoSchema } from './onnx/onnx_pb';

/** Some nodes from inputs to y as a model, without shapes, so that it serves tensors of any size. */
export function kernelModel(
  precision: 'float32' | 'float64',
  inputs: readonly string[],
  node: MessageInitShape<typeof NodeProtoSchema>[],
): Uint8Array {
  const elemType = precision === 'float64' ? TensorProto_DataType.DOUBLE : TensorProto_DataType.FLOAT;
  const tensor = (name: string) => ({ name, type: { tensorType: { elemType } } });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 13n }],
      graph: { name: 'kernel', node, input: inputs.map(tensor), output: [tensor('y')] },
    }),
  );
}
