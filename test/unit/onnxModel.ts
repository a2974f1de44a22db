import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AttributeProtoSchema,
  FunctionProtoSchema,
  NodeProtoSchema,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
} from '../../src/runtime/onnx/onnx_pb';
import {
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from '../../src/runtime/onnx/onnx_pb';

/** A tensor by its numbers, of the ONNX type that the array is of; written as raw data. */
export interface TensorValue {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
}

/** A TensorProto as it shall stand in the file, for tests of what tensors may look like. */
export type TensorParts = MessageInitShape<typeof TensorProtoSchema>;

export type AttributeValue =
  | { readonly int: number | bigint }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorValue | TensorParts }
  /** A subgraph, as graphBytes makes it. */
  | { readonly graph: Uint8Array }
  /** An attribute of the function that the node stands in. */
  | { readonly of: string };

export interface NodeParts {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly name?: string;
  readonly domain?: string;
}

/** A declared input or output; without `dims` it has a name only. */
export interface ValueParts {
  readonly name: string;
  readonly dims?: readonly (number | string | null)[];
  /** float32 unless told. */
  readonly type?: DataType;
}

export interface GraphParts {
  readonly nodes: readonly NodeParts[];
  /** By name, or a list where a name shall stand twice or be absent. */
  readonly initialisers?: Readonly<Record<string, TensorValue | TensorParts>> | readonly TensorParts[];
  readonly inputs?: readonly ValueParts[];
  /** A text is an output with a name only. */
  readonly outputs: readonly (string | ValueParts)[];
  /** Declared shapes of tensors inside. */
  readonly valueInfo?: readonly ValueParts[];
}

/** A function of the file's own. */
export interface FunctionParts {
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeParts[];
  /** Of its attributes, where they have one. */
  readonly defaults?: Readonly<Record<string, AttributeValue>>;
  /** Version of ONNX's own operators (17). */
  readonly opset?: number;
}

export interface ModelParts extends GraphParts {
  /** Version of ONNX's own operators (17), or versions by domain. */
  readonly opset?: number | Readonly<Record<string, number>>;
  /** 8 unless told. */
  readonly irVersion?: number;
  readonly producer?: { readonly name: string; readonly version: string };
  readonly functions?: readonly FunctionParts[];
}

/**
 * The bytes of an ONNX file. Nothing is checked, so that a test can write what no exporter would.
 *
 *     onnxModel({
 *       nodes: [{ operator: 'Gemm', inputs: ['x', 'W', 'b'], outputs: ['y'], attributes: { transB: { int: 1 } } }],
 *       initialisers: { W: { dims: [2, 3], data: new Float32Array(6) }, b: { dims: [2], data: new Float32Array(2) } },
 *       inputs: [{ name: 'x', dims: ['N', 3] }],
 *       outputs: ['y'],
 *     })
 */
export function onnxModel(parts: ModelParts): Uint8Array {
  const { opset = 17, irVersion = 8, producer } = parts;
  const versions = typeof opset === 'number' ? { '': opset } : opset;
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      ...(producer === undefined ? {} : { producerName: producer.name, producerVersion: producer.version }),
      graph: graphProto(parts),
      opsetImport: Object.entries(versions).map(([domain, version]) => ({
        domain,
        version: BigInt(version),
      })),
      functions: (parts.functions ?? []).map(functionParts),
    }),
  );
}

/** The bytes of a graph, for the attribute of an If, Loop or Scan. */
export function graphBytes(parts: GraphParts): Uint8Array {
  return toBinary(GraphProtoSchema, create(GraphProtoSchema, graphProto(parts)));
}

/** A TensorProto of numbers as raw data. */
export function tensorParts(name: string, { dims, data }: TensorValue): TensorParts {
  return {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypeOf(data),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  };
}

function graphProto(parts: GraphParts): MessageInitShape<typeof GraphProtoSchema> {
  const { initialisers = {} } = parts;
  return {
    name: 'graph',
    node: parts.nodes.map(nodeParts),
    initializer: isList(initialisers)
      ? [...initialisers]
      : Object.entries(initialisers).map(([name, value]) => namedTensor(name, value)),
    input: (parts.inputs ?? []).map(valueParts),
    output: parts.outputs.map((output) =>
      typeof output === 'string' ? { name: output } : valueParts(output),
    ),
    valueInfo: (parts.valueInfo ?? []).map(valueParts),
  };
}

function nodeParts(parts: NodeParts): MessageInitShape<typeof NodeProtoSchema> {
  const { operator, inputs, outputs, attributes = {}, name = '', domain = '' } = parts;
  return {
    opType: operator,
    input: [...inputs],
    output: [...outputs],
    name,
    domain,
    attribute: Object.entries(attributes).map(([key, value]) => attributeParts(key, value)),
  };
}

function functionParts(parts: FunctionParts): MessageInitShape<typeof FunctionProtoSchema> {
  return {
    domain: parts.domain,
    name: parts.name,
    input: [...parts.inputs],
    output: [...parts.outputs],
    node: parts.nodes.map(nodeParts),
    attributeProto: Object.entries(parts.defaults ?? {}).map(([key, value]) => attributeParts(key, value)),
    opsetImport: [{ domain: '', version: BigInt(parts.opset ?? 17) }],
  };
}

function isList(value: NonNullable<GraphParts['initialisers']>): value is readonly TensorParts[] {
  return Array.isArray(value);
}

function namedTensor(name: string, value: TensorValue | TensorParts): TensorParts {
  return 'data' in value ? tensorParts(name, value) : create(TensorProtoSchema, { ...value, name });
}

function attributeParts(name: string, value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if ('int' in value) return { name, type: AttributeType.INT, i: BigInt(value.int) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('string' in value) return { name, type: AttributeType.STRING, s: textBytes(value.string) };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  if ('strings' in value) return { name, type: AttributeType.STRINGS, strings: value.strings.map(textBytes) };
  if ('of' in value) return { name, type: AttributeType.FLOAT, refAttrName: value.of };
  if ('graph' in value) return { name, type: AttributeType.GRAPH, g: value.graph };
  return { name, type: AttributeType.TENSOR, t: namedTensor('', value.tensor) };
}

function valueParts({ name, dims, type }: ValueParts): MessageInitShape<typeof ValueInfoProtoSchema> {
  if (dims === undefined) return { name };
  const dim = dims.map((size): MessageInitShape<typeof TensorShapeProto_DimensionSchema> => {
    if (size === null) return {};
    if (typeof size === 'string') return { value: { case: 'dimParam', value: size } };
    return { value: { case: 'dimValue', value: BigInt(size) } };
  });
  return { name, type: { tensorType: { elemType: type ?? DataType.FLOAT, shape: { dim } } } };
}

function dataTypeOf(data: TensorValue['data']): DataType {
  if (data instanceof Float32Array) return DataType.FLOAT;
  if (data instanceof Float64Array) return DataType.DOUBLE;
  if (data instanceof BigInt64Array) return DataType.INT64;
  return data instanceof Int32Array ? DataType.INT32 : DataType.UINT8;
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
