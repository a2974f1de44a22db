import type { Attribute, TensorData } from '../../graph/graph';
import { storages, type NumericType } from '../storages';
import { damagedModel } from './damaged';
import { elementTypeOf } from './elementTypes';
import { externalBytes, isExternal } from './externalData';
import type { ExternalFiles } from './externalData';
import { widenBfloat16, widenFloat16 } from '../../runtime/floats16';
import type { TensorProto } from '../../runtime/onnx/onnx_pb';

/** What the readers of a model's parts know of its file. */
export interface OnnxSource {
  /** The file's name without its folder, for sentences. */
  readonly file: string;
  readonly externalFiles: ExternalFiles;
}

/**
 * The numbers of a TensorProto, wherever the file keeps them: raw bytes, a field of its type, or an external file.
 * @param where the tensor as a sentence names it, such as 'the initialiser "W"'.
 * @returns a 'tensor', or 'unsupported' for strings, complex numbers and floats below 16 bits: refused when reached.
 * @throws FailureError DamagedModel where the data are not as long as the dimensions say.
 */
export function readTensor(tensor: TensorProto, where: string, source: OnnxSource): Attribute {
  const type = elementTypeOf(tensor.dataType);
  if (type === 'string') return { kind: 'unsupported', value: 'a tensor of strings' };
  if (type === 'other') {
    return { kind: 'unsupported', value: `a tensor of ONNX's element type ${tensor.dataType}` };
  }
  if (tensor.segment !== undefined) return { kind: 'unsupported', value: 'a tensor in segments' };
  const dims = readDims(tensor, where, source.file);
  const count = dims.reduce((product, dim) => product * dim, 1);
  const data =
    isExternal(tensor) || tensor.rawData.length > 0
      ? fromBytes(tensor, type, count, where, source)
      : fromTypedField(tensor, type, count, where, source.file);
  return { kind: 'tensor', value: { type, dims, data: widen(type, data) } };
}

function readDims(tensor: TensorProto, where: string, file: string): number[] {
  const dims = tensor.dims.map(Number);
  if (dims.some((dim) => dim < 0)) {
    throw damagedModel(file, `${where} has a negative dimension (${shapeText(tensor)})`);
  }
  // Zeros count as ones here, so that 0 × 2^60 × 2^60 is refused as well.
  if (!Number.isSafeInteger(dims.reduce((product, dim) => product * Math.max(dim, 1), 1))) {
    throw damagedModel(file, `${where} has impossible dimensions (${shapeText(tensor)})`);
  }
  return dims;
}

function fromBytes(
  tensor: TensorProto,
  type: NumericType,
  count: number,
  where: string,
  source: OnnxSource,
): TensorData {
  const storage = storages[type];
  const expected = count * storage.BYTES_PER_ELEMENT;
  const bytes = isExternal(tensor) ? externalBytes(tensor, expected, where, source) : tensor.rawData;
  if (bytes.length !== expected) {
    throw damagedModel(
      source.file,
      `${where} should hold ${expected} bytes (${shapeText(tensor)}, ${type}) but holds ${bytes.length}`,
    );
  }
  const { buffer, byteOffset } = bytes;
  return buffer instanceof ArrayBuffer && byteOffset % storage.BYTES_PER_ELEMENT === 0
    ? new storage(buffer, byteOffset, count)
    : new storage(new Uint8Array(bytes).buffer);
}

function fromTypedField(
  tensor: TensorProto,
  type: NumericType,
  count: number,
  where: string,
  file: string,
): TensorData {
  const { values, data } = typedField(tensor, type);
  if (values.length !== count) {
    throw damagedModel(
      file,
      `${where} should hold ${count} numbers (${shapeText(tensor)}, ${type}) but holds ${values.length}`,
    );
  }
  // Some fields are wider than the type: a number that does not fit would change on its way.
  const exact =
    type === 'float32' ||
    type === 'float64' ||
    values.every((value, index) => BigInt(value) === BigInt(data[index] ?? 0));
  if (!exact) throw damagedModel(file, `${where} holds a number that is no ${type}`);
  return data;
}

/** The field that holds numbers of a type where they are not raw bytes; those of 8 and 16 bits share int32_data, 16-bit floats as their bit patterns. */
function typedField(
  tensor: TensorProto,
  type: NumericType,
): { readonly values: readonly (number | bigint)[]; readonly data: TensorData } {
  switch (type) {
    case 'float32':
      return { values: tensor.floatData, data: Float32Array.from(tensor.floatData) };
    case 'float64':
      return { values: tensor.doubleData, data: Float64Array.from(tensor.doubleData) };
    case 'int64':
      return { values: tensor.int64Data, data: BigInt64Array.from(tensor.int64Data) };
    case 'uint64':
      return { values: tensor.uint64Data, data: BigUint64Array.from(tensor.uint64Data) };
    case 'uint32':
      return { values: tensor.uint64Data, data: Uint32Array.from(tensor.uint64Data, Number) };
    default:
      return { values: tensor.int32Data, data: storages[type].from(tensor.int32Data) };
  }
}

function widen(type: NumericType, data: TensorData): TensorData {
  if (!(data instanceof Uint16Array)) return data;
  if (type === 'float16') return widenFloat16(data);
  return type === 'bfloat16' ? widenBfloat16(data) : data;
}

/** A tensor's dimensions as a sentence gives them; a damaged file may declare thousands. */
function shapeText({ dims }: TensorProto): string {
  if (dims.length > 8) return `${dims.length} dimensions`;
  return dims.length === 0 ? 'a scalar' : dims.join(' × ');
}
