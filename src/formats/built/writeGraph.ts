import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ancestorsOf } from '../../graph/flow';
import type {
  Attribute,
  Dimension,
  ElementType,
  Graph,
  GraphNode,
  Tensor,
  TensorSpec,
} from '../../graph/graph';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type AttributeProtoSchema,
  type NodeProtoSchema,
  TensorProtoSchema,
  type TensorProto,
  type TensorShapeProto_DimensionSchema,
  type ValueInfoProtoSchema,
} from '../../runtime/onnx/onnx_pb';
import type { ExecutableModel } from '../../runtime/session';

/** Larger tensors are handed to onnxruntime as they lie in memory, bytes. */
const largestEncoded = 2 ** 12;

type TensorParts = Pick<TensorProto, 'name' | 'dims' | 'dataType'>;

/** Tensors of built graphs have these types; what is narrower was widened when it was read. */
const elementTypes: Readonly<Partial<Record<ElementType, DataType>>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/**
 * A Graph as a model that onnxruntime runs, with the named tensors as its only outputs; nodes, initialisers and inputs that
 * none of them needs are left out.
 * @throws FailureError UsageError where the graph has no such tensor
 */
export function writeGraph(graph: Graph, outputs: readonly string[]): ExecutableModel {
  const nodes = ancestorsOf(graph, outputs);
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
  const inputs = graph.inputs.filter(({ name }) => read.has(name));
  const initialisers = [...graph.initialisers].filter(([name]) => read.has(name));
  const made = new Set([...nodes.flatMap((node) => node.outputs), ...initialisers.map(([name]) => name)]);
  const absent = outputs.find((name) => !made.has(name) && !inputs.some((input) => input.name === name));
  if (absent !== undefined)
    throw new FailureError(
      'UsageError',
      `The model has no tensor "${printable(absent)}"; name one of its outputs.`,
    );
  const declared = new Map(graph.outputs.map((output) => [output.name, output]));
  const externalData: { readonly path: string; readonly data: Uint8Array }[] = [];
  const model = create(ModelProtoSchema, {
    irVersion: 9n,
    opsetImport: [...graph.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    graph: {
      name: 'graph',
      node: nodes.map(nodeParts),
      initializer: initialisers.map(([name, tensor]) => {
        const bytes = bytesOf(tensor);
        if (bytes.length <= largestEncoded)
          return create(TensorProtoSchema, { ...tensorParts(name, tensor), rawData: bytes });
        externalData.push({ path: name, data: bytes });
        return create(TensorProtoSchema, {
          ...tensorParts(name, tensor),
          dataLocation: DataLocation.EXTERNAL,
          externalData: [
            { key: 'location', value: name },
            { key: 'offset', value: '0' },
            { key: 'length', value: String(bytes.length) },
          ],
        });
      }),
      input: inputs.map(valueParts),
      output: outputs.map((name) => {
        const spec = declared.get(name);
        return spec === undefined ? { name } : valueParts(spec);
      }),
    },
  });
  return { bytes: toBinary(ModelProtoSchema, model), externalData };
}

function dataType(type: ElementType): DataType {
  const written = elementTypes[type];
  if (written === undefined) throw new Error(`A built graph holds no ${type}`);
  return written;
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function tensorParts(name: string, { type, dims }: Tensor): TensorParts {
  return { name, dims: dims.map(BigInt), dataType: dataType(type) };
}

function nodeParts(node: GraphNode): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: node.name,
    opType: node.operator,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: [...node.attributes].map(([name, attribute]) => attributeParts(name, attribute)),
  };
}

function attributeParts(name: string, attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const text = new TextEncoder();
  switch (attribute.kind) {
    case 'int':
      return { name, type: AttributeType.INT, i: BigInt(attribute.value) };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case 'string':
      return { name, type: AttributeType.STRING, s: text.encode(attribute.value) };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: attribute.value.map(BigInt) };
    case 'floats':
      return { name, type: AttributeType.FLOATS, floats: [...attribute.value] };
    case 'strings':
      return { name, type: AttributeType.STRINGS, strings: attribute.value.map((each) => text.encode(each)) };
    case 'tensor':
      return {
        name,
        type: AttributeType.TENSOR,
        t: { ...tensorParts('', attribute.value), rawData: bytesOf(attribute.value) },
      };
    case 'unsupported':
      throw new Error(`A built graph holds no ${attribute.value}`);
  }
}

function valueParts({ name, type, dims }: TensorSpec): MessageInitShape<typeof ValueInfoProtoSchema> {
  const shape = dims === null ? {} : { shape: { dim: dims.map(dimensionParts) } };
  return { name, type: { tensorType: { elemType: dataType(type), ...shape } } };
}

function dimensionParts(size: Dimension): MessageInitShape<typeof TensorShapeProto_DimensionSchema> {
  if (typeof size === 'number') return { value: { case: 'dimValue', value: BigInt(size) } };
  return size === null ? {} : { value: { case: 'dimParam', value: size } };
}
