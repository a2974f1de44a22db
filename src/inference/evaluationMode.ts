import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from '../runtime/onnx/onnx_pb';
import type { NodeProto } from '../runtime/onnx/onnx_pb';
import type { ExecutableModel } from '../runtime/session';

/** The model with batch normalisation by its running statistics and without dropout, whatever mode it was exported in. */
export function inEvaluationMode(model: ExecutableModel): ExecutableModel {
  const proto = fromBinary(ModelProtoSchema, model.bytes);
  for (const node of proto.graph?.node ?? []) {
    if (node.opType === 'BatchNormalization') evaluateNormalisation(node);
    if (node.opType === 'Dropout') {
      // The mask stays an output for whoever reads it; the third input is the switch to training.
      node.input = node.input.slice(0, 2);
    }
  }
  return { ...model, bytes: toBinary(ModelProtoSchema, proto) };
}

function evaluateNormalisation(node: NodeProto): void {
  node.output = node.output.slice(0, 1);
  node.attribute = node.attribute.filter(({ name }) => name !== 'training_mode');
}
