import { fromBinary } from '@bufbuild/protobuf';
import { inlineBranches, type Conditions } from './branches';
import { damagedModel } from './damaged';
import { inlineFunctions } from './functions';
import { GraphProtoSchema, ModelProtoSchema } from '../../runtime/onnx/onnx_pb';
import type { GraphProto, ModelProto } from '../../runtime/onnx/onnx_pb';

/** A ModelProto that is known to have a graph. */
export interface DecodedModel {
  readonly model: ModelProto;
  readonly graph: GraphProto;
}

/**
 * Decodes an ONNX file, its own functions put in place; raw tensor data stay views of `bytes`.
 * @param file the file's name, for sentences.
 * @param keepUnknownFields true where the model will be encoded again and must stay the same model.
 * @param conditions those of its Ifs that are known: the branch that each takes is put in its place.
 * @throws FailureError DamagedModel where the bytes are no ModelProto or hold no graph.
 */
export function decodeModel(
  bytes: Uint8Array,
  file: string,
  keepUnknownFields: boolean,
  conditions: Conditions = new Map(),
): DecodedModel {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: keepUnknownFields });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw damagedModel(file, 'it ends early or cannot be decoded as an ONNX model', cause);
  }
  if (model.graph === undefined) throw damagedModel(file, 'it holds no graph');
  inlineFunctions(model, model.graph);
  if (conditions.size > 0) inlineBranches(model.graph, conditions, (branch) => decodeSubgraph(branch, file));
  return { model, graph: model.graph };
}

/**
 * Decodes the body of an If, Loop or Scan, which the schema leaves as bytes.
 * @throws FailureError DamagedModel
 */
export function decodeSubgraph(bytes: Uint8Array, file: string): GraphProto {
  try {
    return fromBinary(GraphProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw damagedModel(file, 'a subgraph of it cannot be decoded', cause);
  }
}
