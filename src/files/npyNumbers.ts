import type { NpyType } from './npy';

/** The number at an index, counted in elements from the first byte. */
export type NumberReader = (index: number) => number;

/** Reads elements of one type and byte order. 64-bit integers are rounded to float64; the caller checks their range. */
export function numberReader(type: NpyType, bytes: Uint8Array, bigEndian: boolean): NumberReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !bigEndian;
  switch (type) {
    case 'bool':
      return (index) => (view.getUint8(index) === 0 ? 0 : 1);
    case 'int8':
      return (index) => view.getInt8(index);
    case 'uint8':
      return (index) => view.getUint8(index);
    case 'int16':
      return (index) => view.getInt16(index * 2, little);
    case 'uint16':
      return (index) => view.getUint16(index * 2, little);
    case 'int32':
      return (index) => view.getInt32(index * 4, little);
    case 'uint32':
      return (index) => view.getUint32(index * 4, little);
    case 'int64':
      return (index) => Number(view.getBigInt64(index * 8, little));
    case 'uint64':
      return (index) => Number(view.getBigUint64(index * 8, little));
    case 'float16':
      return (index) => float16(view.getUint16(index * 2, little));
    case 'float32':
      return (index) => view.getFloat32(index * 4, little);
    case 'float64':
      return (index) => view.getFloat64(index * 8, little);
  }
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
