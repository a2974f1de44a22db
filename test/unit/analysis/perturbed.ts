import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import { SeededRandom } from '../../../src/samples/random';

/** The model with every weight of float32 moved by up to `size` of itself: a checkpoint near another. */
export function perturbed(model: Uint8Array, size: number, seed: number): Uint8Array {
  const random = SeededRandom.fromSeed(seed);
  const file = fromBinary(ModelProtoSchema, model);
  for (const { dataType, rawData } of file.graph?.initializer ?? []) {
    if (dataType !== DataType.FLOAT || rawData.length === 0) continue;
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    for (let at = 0; at < view.byteLength; at += 4)
      view.setFloat32(at, view.getFloat32(at, true) * (1 + size * random.normal()), true);
  }
  return toBinary(ModelProtoSchema, file);
}
