import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { numberReader, type NumberReader } from './npyNumbers';
import { parsePythonLiteral } from './pythonLiteral';

/** NumPy's names of the element types that are read here. */
export type NpyType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

/** What the header of a npy file says (numpy.lib.format, versions 1.0 to 3.0). */
export interface NpyHeader {
  readonly type: NpyType;
  readonly itemSize: number;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Product of the shape; 1 for a scalar. */
  readonly count: number;
  /** Where the numbers begin. */
  readonly dataOffset: number;
}

export interface NpyArray extends NpyHeader {
  /** The numbers as stored: count × itemSize bytes. */
  readonly bytes: Uint8Array;
}

/** As many bytes as are enough for the header of any array that is read here. */
export const npyHeaderLimit = 64 * 1024;

/** NumPy's own limit since version 2. */
const mostDimensions = 64;

/** The first bytes of a npy file. */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function isNpy(start: Uint8Array): boolean {
  return magic.every((byte, index) => start[index] === byte);
}

/**
 * The header of a npy file from its first bytes (npyHeaderLimit of them, or the whole file where it is shorter).
 * `name` stands in sentences. FailureError: DamagedModel where the bytes are no header; UnsupportedFormat where the elements
 * are objects, records, text or anything else that is not a real number, naming the type.
 */
export function parseNpyHeader(name: string, start: Uint8Array): NpyHeader {
  const { descr, ...layout } = readLayout(name, start);
  const element = elementOf(name, descr);
  const count = layout.shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count * element.itemSize)) {
    throw damagedFailure(name, `its shape [${layout.shape.join(', ')}] is larger than any file`);
  }
  return { ...element, ...layout, count };
}

/** What a header says but for the meaning of its type. */
function readLayout(
  name: string,
  start: Uint8Array,
): Pick<NpyHeader, 'fortranOrder' | 'shape' | 'dataOffset'> & { readonly descr: string } {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (!isNpy(start) || start.length < 12) throw damagedFailure(name, 'it does not begin as a npy file does');
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw damagedFailure(name, `its npy version ${String(version)} is unknown`);
  const textOffset = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = textOffset + length;
  if (dataOffset > Math.min(start.length, npyHeaderLimit)) {
    throw damagedFailure(
      name,
      'its npy header runs past the end of the file or is longer than any array of numbers needs',
    );
  }
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    start.subarray(textOffset, dataOffset),
  );
  const fields = parsePythonLiteral(text);
  if (!(fields instanceof Map)) throw damagedFailure(name, 'its npy header cannot be read');
  const descr = fields.get('descr');
  const fortranOrder = fields.get('fortran_order');
  const shape = shapeOf(fields.get('shape'));
  if (descr === undefined || typeof fortranOrder !== 'boolean' || shape === null) {
    throw damagedFailure(name, 'its npy header lacks a type, an order or a shape');
  }
  if (typeof descr !== 'string') throw unsupportedFailure(name, 'records (a structured dtype)');
  return { descr, fortranOrder, shape, dataOffset };
}

/** The array in the bytes of a whole npy file; a view, nothing is copied. FailureError as parseNpyHeader, and DamagedModel where there are not exactly as many numbers as the shape says. */
export function parseNpy(name: string, bytes: Uint8Array): NpyArray {
  const header = parseNpyHeader(name, bytes);
  requireNpyLength(name, header, bytes.length);
  return { ...header, bytes: bytes.subarray(header.dataOffset) };
}

/**
 * The words of a whole npy file of text (NumPy's U and S) with one axis that is not of size 1, or null for anything else.
 * @throws FailureError DamagedModel
 */
export function parseNpyWords(name: string, bytes: Uint8Array): string[] | null {
  const { descr, shape, dataOffset } = readLayout(name, bytes.subarray(0, npyHeaderLimit));
  return wordsOf(name, descr, shape, bytes.subarray(dataOffset));
}

/** The words of an array of text, as `parseNpyWords`. @throws FailureError DamagedModel */
export function wordsOf(
  name: string,
  descr: string,
  shape: readonly number[],
  data: Uint8Array,
): string[] | null {
  const [, order = '', kind = '', length = ''] = /^([<>|=]?)([US])([1-9]\d*)$/.exec(descr) ?? [];
  if (kind === '' || shape.slice(1).some((size) => size !== 1)) return null;
  const size = Number(length) * (kind === 'U' ? 4 : 1);
  const [count = 1] = shape;
  if (count * size !== data.length)
    throw damagedFailure(name, `its shape [${shape.join(', ')}] takes other than the bytes that it has`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const text = new TextDecoder();
  const character = (at: number): string => {
    const point = view.getUint32(at, order !== '>');
    if (point > 0x10ffff) throw damagedFailure(name, 'it holds what is no character');
    return String.fromCodePoint(point);
  };
  return Array.from({ length: count }, (_, row) => {
    // Zeros fill a cell up.
    let end = (row + 1) * size;
    while (end > row * size && data[end - 1] === 0) end--;
    if (kind === 'S') return text.decode(data.subarray(row * size, end));
    let word = '';
    for (let at = row * size; at < end; at += 4) word += character(at);
    return word;
  });
}

/** FailureError (DamagedModel) unless a file of `fileLength` bytes holds just the array that its header announces. */
export function requireNpyLength(name: string, header: NpyHeader, fileLength: number): void {
  const expected = header.dataOffset + header.count * header.itemSize;
  if (fileLength === expected) return;
  throw damagedFailure(
    name,
    `its shape [${header.shape.join(', ')}] of ${header.type} takes ${expected.toLocaleString('en')} bytes but it has ${fileLength.toLocaleString('en')}`,
  );
}

/**
 * The numbers of the chosen rows (positions on the first axis; null: all of them) in row-major order whatever the file's,
 * rows.length × count / shape[0] of them. A scalar is one row. FailureError (UnsupportedFormat) for an integer beyond 2^53,
 * which a float64 does not hold.
 */
export function npyRows(name: string, array: NpyArray, rows: Int32Array | null): Float64Array {
  const rowCount = array.shape[0] ?? 1;
  const width = rowCount === 0 ? 0 : array.count / rowCount;
  const read = numberReader(array.type, array.bytes, array.bigEndian);
  const offsets = array.fortranOrder && array.count > 0 ? fortranOffsets(array.shape) : null;
  const chosen = rows?.length ?? rowCount;
  const values = new Float64Array(chosen * width);
  for (let index = 0; index < chosen; index++) {
    const row = rows === null ? index : (rows[index] ?? -1);
    if (row < 0 || row >= rowCount) throw new RangeError(`row ${String(row)} of ${String(rowCount)}`);
    if (offsets === null) copyRow(read, row * width, values.subarray(index * width, (index + 1) * width));
    else for (let at = 0; at < width; at++) values[index * width + at] = read(row + (offsets[at] ?? 0));
  }
  const integer64 = array.type === 'int64' || array.type === 'uint64';
  if (integer64 && values.some((value) => !Number.isSafeInteger(value))) {
    throw new FailureError(
      'UnsupportedFormat',
      `${name} holds integers beyond 2^53; save it as float64 or smaller integers.`,
    );
  }
  return values;
}

function copyRow(read: NumberReader, from: number, target: Float64Array): void {
  for (let at = 0; at < target.length; at++) target[at] = read(from + at);
}

/** For each element of a row, counted row-major, its position relative to the row's first in a file of Fortran order (first axis fastest). */
function fortranOffsets(shape: readonly number[]): Float64Array {
  let offsets = Float64Array.of(0);
  let stride = shape[0] ?? 1;
  for (const size of shape.slice(1)) {
    const wider = new Float64Array(offsets.length * size);
    for (let at = 0; at < wider.length; at++) {
      wider[at] = (offsets[Math.floor(at / size)] ?? 0) + (at % size) * stride;
    }
    offsets = wider;
    stride *= size;
  }
  return offsets;
}

function shapeOf(value: unknown): number[] | null {
  if (!Array.isArray(value) || value.length > mostDimensions) return null;
  const sizes = value.filter((size): size is number => Number.isSafeInteger(size) && size >= 0);
  return sizes.length === value.length ? sizes : null;
}

const elementTypes: Readonly<Record<string, NpyType>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/** Characters of a type that a sentence shows. */
const longestType = 40;

const refusedKinds: Readonly<Record<string, string>> = {
  O: 'Python objects',
  S: 'text',
  a: 'text',
  U: 'text',
  T: 'text',
  c: 'complex numbers',
  M: 'dates',
  m: 'time spans',
  V: 'raw bytes',
};

/** What NumPy's name of a type with its byte order says, such as "<f8". @throws FailureError UnsupportedFormat */
export function elementOf(name: string, descr: string): Pick<NpyHeader, 'type' | 'itemSize' | 'bigEndian'> {
  const [, order, code = ''] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  const type = Object.hasOwn(elementTypes, code) ? elementTypes[code] : undefined;
  const dtype = `dtype ${printable(descr.slice(0, longestType))}`;
  if (type === undefined) {
    const kind = code.charAt(0);
    throw unsupportedFailure(
      name,
      Object.hasOwn(refusedKinds, kind) ? `${refusedKinds[kind] ?? ''} (${dtype})` : dtype,
    );
  }
  const itemSize = Number(code.slice(1));
  // "=" and a missing sign mean the byte order of the machine that wrote it, which nobody knows here.
  if (itemSize > 1 && order !== '<' && order !== '>')
    throw unsupportedFailure(name, `${dtype}, which leaves the byte order open`);
  return { type, itemSize, bigEndian: order === '>' };
}

function unsupportedFailure(name: string, what: string): FailureError {
  return new FailureError(
    'UnsupportedFormat',
    `${name} holds ${what}, and only real numbers can be read; save it as an array of floats or integers.`,
  );
}

function damagedFailure(name: string, what: string): FailureError {
  return new FailureError('DamagedModel', `${name} is damaged: ${what}; save it again.`);
}
