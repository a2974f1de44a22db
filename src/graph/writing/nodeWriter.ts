import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
} from '../../runtime/onnx/onnx_pb';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from '../../runtime/onnx/onnx_pb';
import type { ExecutableModel } from '../../runtime/session';
import type { ConstantData, ValueType } from '../static/value';

export type Precision = 'float32' | 'float64';

export type AttributeValue = number | readonly number[] | string;

/** Operators as of this version of ONNX's set. */
const opset = 18n;

/** Constants of more bytes are handed to onnxruntime as they lie in memory: encoding them takes longer than reading them. */
const largestEncoded = 2 ** 16;

/** Collects the nodes and constants of an ONNX model under names of its own making. */
export class NodeWriter {
  private readonly nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  private readonly constants = new Map<string, MessageInitShape<typeof TensorProtoSchema>>();
  private readonly external: { readonly path: string; readonly data: Uint8Array }[] = [];
  private count = 0;

  constructor(readonly precision: Precision) {}

  /** ONNX's number of an element type. */
  elementType(type: ValueType): DataType {
    if (type === 'int64') return DataType.INT64;
    if (type === 'bool') return DataType.BOOL;
    return this.precision === 'float64' ? DataType.DOUBLE : DataType.FLOAT;
  }

  /** Adds a node with one output and returns the output's name. */
  emit(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `t${this.count++}`,
  ): string {
    this.emitNode(operator, inputs, [output], attributes);
    return output;
  }

  emitNode(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): void {
    this.nodes.push({
      opType: operator,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attributeParts(name, value)),
    });
  }

  freshName(): string {
    return `t${this.count++}`;
  }

  /** A list of integers as a constant, the same one for the same list. */
  integers(values: readonly number[]): string {
    const name = `i${values.join('_')}`;
    if (!this.constants.has(name)) {
      this.addConstant(name, BigInt64Array.from(values, BigInt), [values.length]);
    }
    return name;
  }

  integer(value: number): string {
    const name = `s${value}`;
    if (!this.constants.has(name)) this.addConstant(name, BigInt64Array.of(BigInt(value)), []);
    return name;
  }

  real(value: number): string {
    const name = `r${value}`;
    if (!this.constants.has(name)) this.addConstant(name, Float64Array.of(value), []);
    return name;
  }

  /** A matrix of one row. */
  ones(columns: number): string {
    const name = `ones${columns}`;
    if (!this.constants.has(name)) this.addConstant(name, new Float64Array(columns).fill(1), [1, columns]);
    return name;
  }

  /** @param data reals of either precision, which are stored in the writer's own */
  addConstant(name: string, data: ConstantData | Float32Array, dims: readonly number[]): void {
    const stored =
      data instanceof Float64Array && this.precision === 'float32' ? Float32Array.from(data) : data;
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    const tensor = { name, dims: dims.map(BigInt), dataType: this.elementType(typeOf(data)) };
    if (bytes.length <= largestEncoded) {
      this.constants.set(name, { ...tensor, rawData: bytes });
      return;
    }
    this.external.push({ path: name, data: bytes });
    this.constants.set(name, {
      ...tensor,
      dataLocation: DataLocation.EXTERNAL,
      externalData: [
        { key: 'location', value: name },
        { key: 'offset', value: '0' },
        { key: 'length', value: String(bytes.length) },
      ],
    });
  }

  /** The model with the given inputs and outputs. */
  finish(
    inputs: readonly { readonly name: string; readonly type: ValueType; readonly dims: readonly number[] }[],
    outputs: readonly string[],
  ): ExecutableModel {
    const bytes = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: 8n,
        opsetImport: [{ domain: '', version: opset }],
        graph: {
          name: 'graph',
          node: this.nodes,
          initializer: [...this.constants.values()],
          input: inputs.map(({ name, type, dims }) => valueParts(name, this.elementType(type), dims)),
          output: outputs.map((name) => ({ name })),
        },
      }),
    );
    return { bytes, externalData: this.external };
  }
}

function typeOf(data: ConstantData | Float32Array): ValueType {
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Uint8Array ? 'bool' : 'real';
}

function valueParts(
  name: string,
  elemType: DataType,
  dims: readonly number[],
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = dims.map((size): MessageInitShape<typeof TensorShapeProto_DimensionSchema> => ({
    value: { case: 'dimValue', value: BigInt(size) },
  }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function attributeParts(name: string, value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'string') {
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  }
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: BigInt(value) };
  return { name, type: AttributeType.INTS, ints: value.map(BigInt) };
}
