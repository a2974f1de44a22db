import type { Attribute, ElementType, Graph, Tensor } from '../../../src/graph/graph';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from '../../../src/runtime/onnx/onnx_pb';
import { onnxModel, type AttributeValue, type TensorParts } from '../onnxModel';

const dataTypes: Partial<Record<ElementType, DataType>> = {
  float32: DataType.FLOAT,
  uint8: DataType.UINT8,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
  float16: DataType.FLOAT16,
  float64: DataType.DOUBLE,
  bfloat16: DataType.BFLOAT16,
};

/** The bytes of an ONNX file that holds the graph; `external`: where its weights lie in another file. */
export interface GraphFile {
  readonly model: Uint8Array;
  readonly external: Uint8Array;
}

/** Writes a graph as a file; `externalName`: the file beside it for all weights, or null: they stand in the model. */
export function graphFile(graph: Graph, externalName: string | null = null, irVersion = 8): GraphFile {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const initialisers = [...graph.initialisers].map(([name, tensor]): TensorParts => {
    const raw = rawData(tensor);
    const parts = {
      name,
      dims: tensor.dims.map(BigInt),
      dataType: dataTypes[tensor.type] ?? DataType.UNDEFINED,
    };
    if (externalName === null || tensor.type === 'int64') return { ...parts, rawData: raw };
    const entries = { location: externalName, offset: String(length), length: String(raw.length) };
    chunks.push(raw);
    length += raw.length;
    return {
      ...parts,
      dataLocation: DataLocation.EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    };
  });
  const listed = (spec: Graph['inputs'][number]) => {
    const type = dataTypes[spec.type];
    return type === undefined
      ? { name: spec.name }
      : { name: spec.name, type, dims: spec.dims ?? ['N', null] };
  };
  // Files of IR 3 list their initialisers as inputs.
  const constants =
    irVersion > 3
      ? []
      : [...graph.initialisers].map(([name, { type, dims }]) => listed({ name, type, dims }));
  const model = onnxModel({
    nodes: graph.nodes.map(({ name, operator, domain, inputs, outputs, attributes }) => ({
      name,
      operator,
      domain,
      inputs,
      outputs,
      attributes: Object.fromEntries([...attributes].map(([key, value]) => [key, attributeValue(value)])),
    })),
    initialisers,
    inputs: [...graph.inputs.map(listed), ...constants],
    outputs: graph.outputs.map(listed),
    opset: Object.fromEntries(graph.opsets),
    irVersion,
  });
  return { model, external: Buffer.concat(chunks) };
}

function attributeValue(attribute: Attribute): AttributeValue {
  switch (attribute.kind) {
    case 'int':
      return { int: attribute.value };
    case 'float':
      return { float: attribute.value };
    case 'string':
      return { string: attribute.value };
    case 'ints':
      return { ints: attribute.value };
    case 'floats':
      return { floats: attribute.value };
    case 'strings':
      return { strings: attribute.value };
    default:
      throw new Error(`No exporter here writes an attribute of ${attribute.kind}`);
  }
}

function rawData({ type, data }: Tensor): Uint8Array {
  if (type === 'float16') return bytes(Uint16Array.from(data as Float32Array, halfBits));
  if (type === 'bfloat16') {
    const patterns = new Uint32Array(Float32Array.from(data as Float32Array).buffer);
    return bytes(Uint16Array.from(patterns, (pattern) => pattern >>> 16));
  }
  return bytes(data);
}

/** The binary16 pattern of a number that binary16 holds exactly, between 2⁻¹⁴ and 2¹⁵ in size, or 0. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = (Math.abs(value) / 2 ** exponent - 1) * 1024;
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
