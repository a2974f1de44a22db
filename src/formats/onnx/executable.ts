import { create, toBinary } from '@bufbuild/protobuf';
import { FailureError } from '../../report/failure';
import type { ExecutableModel } from '../../runtime/session';
import { quote } from '../../files/quote';
import type { Conditions } from './branches';
import { decodeModel } from './decode';
import { externalLocation, isExternal } from './externalData';
import { freeBatch } from './freeBatch';
import { ModelProtoSchema, ValueInfoProtoSchema } from '../../runtime/onnx/onnx_pb';
import type { GraphProto, TensorProto } from '../../runtime/onnx/onnx_pb';
import { subgraphUse } from './subgraphs';
import type { OnnxSource } from './tensors';

/**
 * The file as a model with the named tensors as its only outputs, for any batch size (see freeBatch). What these do
 * not need is left out, inputs included; what is left is as it was in the file.
 * @param bytes the file.
 * @param conditions those of its Ifs that are known.
 * @param order the positions of its nodes in an order in which they can run.
 * @throws FailureError UsageError where the model has no such tensor.
 */
export function writeExecutableModel(
  bytes: Uint8Array,
  order: readonly number[],
  outputs: readonly string[],
  source: OnnxSource,
  conditions: Conditions = new Map(),
): ExecutableModel {
  // Decoded anew each time, because it is changed here: 4 ms for 120 MB, whose weights are not copied.
  const { model, graph } = decodeModel(bytes, source.file, true, conditions);
  const constants = namesOf(graph.initializer);
  graph.node = order.flatMap((position) => graph.node[position] ?? []);
  graph.input = graph.input.filter((input) => !constants.has(input.name));
  freeBatch(graph, source);
  graph.valueInfo = [];
  const declared = new Map(graph.output.map((output) => [output.name, output]));
  graph.output = [...new Set(outputs)].map(
    (name) => declared.get(name) ?? create(ValueInfoProtoSchema, { name }),
  );
  const tensors = keepNeeded(graph, source.file);
  return { bytes: toBinary(ModelProtoSchema, model), externalData: externalData(tensors, source) };
}

/**
 * Drops the nodes, initialisers and inputs that no output needs.
 * @returns the tensors that are left, those of attributes and subgraphs included.
 */
function keepNeeded(graph: GraphProto, file: string): readonly TensorProto[] {
  const needed = new Set(graph.output.map((output) => output.name));
  const tensors: TensorProto[] = [];
  const available = new Set(graph.input.map((input) => input.name));
  // From the last node to the first: all that read a tensor are met before the one that makes it.
  const nodes = graph.node.toReversed().filter((node) => {
    for (const name of node.output) available.add(name);
    if (!node.output.some((name) => name !== '' && needed.has(name))) return false;
    const subgraphs = subgraphUse(node, file);
    for (const name of [...node.input, ...subgraphs.captured]) needed.add(name);
    for (const tensor of subgraphs.tensors) tensors.push(tensor);
    for (const { t } of node.attribute) if (t !== undefined) tensors.push(t);
    return true;
  });
  for (const { name } of graph.initializer) available.add(name);
  for (const { values } of graph.sparseInitializer) available.add(values?.name ?? '');
  const absent = graph.output.find((output) => !available.has(output.name));
  if (absent !== undefined) {
    throw new FailureError(
      'UsageError',
      `${quote(file)} has no tensor ${quote(absent.name)}; name one of its outputs.`,
    );
  }
  graph.node = nodes.reverse();
  graph.input = graph.input.filter((input) => needed.has(input.name));
  graph.initializer = graph.initializer.filter((tensor) => needed.has(tensor.name));
  graph.sparseInitializer = graph.sparseInitializer.filter(({ values }) => needed.has(values?.name ?? ''));
  return [...tensors, ...graph.initializer];
}

function externalData(tensors: readonly TensorProto[], source: OnnxSource): ExecutableModel['externalData'] {
  const paths = new Set(tensors.filter(isExternal).map((tensor) => externalLocation(tensor, source.file)));
  return [...paths].flatMap((path) => {
    const data = source.externalFiles.get(path);
    return data === undefined ? [] : [{ path, data }];
  });
}

function namesOf(tensors: readonly TensorProto[]): ReadonlySet<string> {
  return new Set(tensors.map((tensor) => tensor.name));
}
