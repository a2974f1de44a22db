import { create } from '@bufbuild/protobuf';
import { quote } from '../../files/quote';
import { batchFirstTensors } from './batchFirst';
import { isConstant } from './constants';
import { freshName } from './freshName';
import {
  TensorProtoSchema,
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema as DimensionSchema,
} from '../../runtime/onnx/onnx_pb';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../../runtime/onnx/onnx_pb';
import { domainName } from './opsets';
import { readTensor } from './tensors';
import type { OnnxSource } from './tensors';

/**
 * Makes the batch size of a graph free where the file fixes it, as about half of real files do: the first dimension of
 * every input becomes a symbol, and a constant Reshape target that begins with the batch size begins with −1 instead,
 * or with 0 ("as in the input") where another of its elements is −1 already.
 *
 * Each change leaves the results at the file's own batch size as they were. That rows stay independent at another size
 * is not certain from the graph alone (a first dimension of 1 need not be the batch): compare a batch with its rows.
 *
 * Changes the graph in place; expects its nodes in an order in which they can run, and inputs that are no initialisers.
 */
export function freeBatch(graph: GraphProto, source: OnnxSource): void {
  const sizes = new Set(graph.input.flatMap((input) => fixedBatch(input) ?? []));
  const symbol = freshName('batch', symbolsOf(graph));
  // Before the dimensions are freed, which the declared shapes are compared with.
  const [size, ...others] = sizes;
  if (size !== undefined && others.length === 0 && graph.node.some(isReshape)) {
    freeReshapes(graph, size, source);
  }
  for (const info of [...graph.input, ...graph.output]) {
    const batch = fixedBatch(info);
    if (batch === null || !sizes.has(batch)) continue;
    const dims = info.type?.tensorType?.shape?.dim;
    dims?.splice(0, 1, create(DimensionSchema, { value: { case: 'dimParam', value: symbol } }));
  }
}

function fixedBatch(info: ValueInfoProto): bigint | null {
  const first = info.type?.tensorType?.shape?.dim[0]?.value;
  return first?.case === 'dimValue' && first.value > 0n ? first.value : null;
}

function symbolsOf(graph: GraphProto): ReadonlySet<string> {
  const infos = [...graph.input, ...graph.output];
  const dims = infos.flatMap((info) => info.type?.tensorType?.shape?.dim ?? []);
  return new Set(dims.flatMap(({ value }) => (value.case === 'dimParam' ? value.value : [])));
}

function freeReshapes(graph: GraphProto, size: bigint, source: OnnxSource): void {
  const constants = constantTensors(graph);
  const taken = new Set([...constants.keys(), ...graph.node.flatMap((node) => node.output)]);
  const batchFirst = batchFirstTensors(graph, size, constants);
  const variable = new Set(graph.input.map((input) => input.name));
  for (const node of graph.node) {
    if (!node.input.some((name) => variable.has(name))) continue;
    for (const name of node.output) variable.add(name);
    const [data = '', targetName = ''] = node.input;
    const target = constants.get(targetName);
    if (!isReshape(node) || target === undefined || !variable.has(data)) continue;
    const free = freeTarget(targetElements(target, source), size, node, batchFirst.has(data));
    if (free === null) continue;
    const name = freshName(`${targetName}_of_any_batch`, taken);
    taken.add(name);
    graph.initializer.push(shapeTensor(name, free));
    node.input[1] = name;
  }
}

function isReshape(node: NodeProto): boolean {
  return node.opType === 'Reshape' && domainName(node.domain) === '';
}

/** The target with the leading batch size made free, or null where it does not lead or cannot be made so. */
function freeTarget(
  target: readonly bigint[],
  size: bigint,
  node: NodeProto,
  batchFirst: boolean,
): bigint[] | null {
  const [first, ...rest] = target;
  if (first !== size) return null;
  // With allowzero a 0 is a size, which onnxruntime refuses beside −1.
  const zeroIsSize = node.attribute.some(({ name, i }) => name === 'allowzero' && i !== 0n);
  if (!rest.includes(-1n)) return zeroIsSize && rest.includes(0n) ? null : [-1n, ...rest];
  return batchFirst && !zeroIsSize ? [0n, ...rest] : null;
}

function targetElements(tensor: TensorProto, source: OnnxSource): readonly bigint[] {
  const target = readTensor(tensor, `the Reshape target ${quote(tensor.name)}`, source);
  if (target.kind !== 'tensor' || !(target.value.data instanceof BigInt64Array)) return [];
  return [...target.value.data];
}

function shapeTensor(name: string, elements: bigint[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: [BigInt(elements.length)],
    dataType: DataType.INT64,
    int64Data: elements,
  });
}

/** Initialisers and the values of Constant nodes, by name. */
function constantTensors(graph: GraphProto): ReadonlyMap<string, TensorProto> {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  for (const node of graph.node.filter(isConstant)) {
    const [name = ''] = node.output;
    const [attribute] = node.attribute;
    if (attribute?.t !== undefined) constants.set(name, attribute.t);
    else if (attribute?.name === 'value_ints') constants.set(name, shapeTensor(name, attribute.ints));
  }
  return constants;
}
