import { inflateSync } from 'node:zlib';
import { widenBfloat16, widenFloat16 } from '../../runtime/floats16';
import type { Hdf5Bytes } from './hdf5Bytes';
import { dataspace, treeLeaves } from './hdf5Structures';

/** A dataset of floating-point numbers. */
export interface Dataset {
  readonly dims: readonly number[];
  /** The numbers; 16 bits are widened. Reads nothing before the sizes in the file fit each other. */
  readonly read: () => Float32Array | Float64Array;
}

/** Deflate cannot do better than 258 bytes out of 2 bits. */
const greatestDeflateRatio = 1032;
const largestDataset = 2 ** 31 - 1;
const filterNames = { deflate: 1, shuffle: 2, checksum: 3 } as const;

/** @param places of the messages: dataspace, datatype, layout and filters */
export function readDataset(
  bytes: Hdf5Bytes,
  places: {
    readonly space: number;
    readonly type: number;
    readonly layout: number;
    readonly filters: number | null;
  },
): Dataset {
  const dims = dataspace(bytes, places.space);
  return {
    dims,
    read: () => {
      const decode = numberReader(bytes, places.type);
      const itemSize = bytes.u32(places.type + 4);
      const size = dims.reduce((product, each) => product * each, itemSize);
      if (size > largestDataset) throw bytes.damaged('a tensor in it has more than 2 GiB');
      return decode(rawBytes(bytes, places, dims, itemSize, size));
    },
  };
}

/** How bytes become numbers. */
function numberReader(bytes: Hdf5Bytes, at: number): (raw: Uint8Array) => Float32Array | Float64Array {
  const size = bytes.u32(at + 4);
  if ((bytes.u8(at) & 0x0f) !== 1 || ![2, 4, 8].includes(size))
    throw bytes.unsupported('a tensor of a type other than floating-point numbers');
  if ((bytes.u8(at + 1) & 1) !== 0) throw bytes.unsupported('numbers of another byte order');
  // Of 16 bits, those with 8 for the exponent are bfloat16.
  const isBfloat16 = bytes.u8(at + 13) === 8;
  return (raw) => {
    // Numbers must lie at multiples of their size.
    const { buffer } = Uint8Array.from(raw);
    if (size === 8) return new Float64Array(buffer);
    if (size === 4) return new Float32Array(buffer);
    return (isBfloat16 ? widenBfloat16 : widenFloat16)(new Uint16Array(buffer));
  };
}

function rawBytes(
  bytes: Hdf5Bytes,
  { layout, filters }: { readonly layout: number; readonly filters: number | null },
  dims: readonly number[],
  itemSize: number,
  size: number,
): Uint8Array {
  if (bytes.u8(layout) !== 3) throw bytes.unsupported('data of another HDF5 layout');
  const kind = bytes.u8(layout + 1);
  if (kind === 0) return bytes.slice(layout + 4, size);
  if (kind === 1) return size === 0 ? new Uint8Array() : bytes.slice(bytes.u64(layout + 2), size);
  return fromChunks(bytes, { layout, filters: readFilters(bytes, filters) }, dims, itemSize, size);
}

/** Chunks of equal shape, each compressed by itself, put in their places. */
function fromChunks(
  bytes: Hdf5Bytes,
  { layout, filters }: { readonly layout: number; readonly filters: readonly number[] },
  dims: readonly number[],
  itemSize: number,
  size: number,
): Uint8Array {
  const rank = dims.length;
  if (bytes.u8(layout + 2) !== rank + 1) throw bytes.damaged('the chunks of a tensor have another rank');
  const chunkDims = dims.map((_, axis) => bytes.u32(layout + 11 + 4 * axis));
  const chunkSize = chunkDims.reduce((product, each) => product * each, itemSize);
  const chunks = treeLeaves(bytes, bytes.u64(layout + 3), 1, 8 + 8 * (rank + 1));
  const stored = chunks.reduce((sum, { key }) => sum + bytes.u32(key), 0);
  const isComplete = chunks.length * chunkSize >= size && stored * greatestDeflateRatio >= size;
  if (!isComplete || chunkSize === 0 || chunkSize > largestDataset || stored > bytes.length)
    throw bytes.damaged('the chunks of a tensor do not make up the whole');
  const whole = new Uint8Array(size);
  for (const { key, child } of chunks) {
    const raw = unfiltered(bytes, bytes.slice(child, bytes.u32(key)), filters, itemSize, chunkSize);
    if (raw.length < chunkSize) throw bytes.damaged('a chunk of a tensor is too short');
    const start = dims.map((_, axis) => bytes.u64(key + 8 + 8 * axis));
    placeChunk(bytes, { raw, start, chunkDims }, { whole, dims }, itemSize);
  }
  return whole;
}

/** Copies a chunk's rows, as far as they lie in the tensor. */
function placeChunk(
  bytes: Hdf5Bytes,
  chunk: {
    readonly raw: Uint8Array;
    readonly start: readonly number[];
    readonly chunkDims: readonly number[];
  },
  { whole, dims }: { readonly whole: Uint8Array; readonly dims: readonly number[] },
  itemSize: number,
): void {
  const { raw, start, chunkDims } = chunk;
  const last = dims.length - 1;
  const width = chunkDims[last] ?? 1;
  const rows = chunkDims.slice(0, -1).reduce((product, each) => product * each, 1);
  const copied = Math.min(width, (dims[last] ?? 1) - (start[last] ?? 0));
  if (copied <= 0) throw bytes.damaged('a chunk of a tensor lies outside of it');
  for (let row = 0; row < rows; row += 1) {
    let rest = row;
    let at = start[last] ?? 0;
    let stride = dims[last] ?? 1;
    let isInside = true;
    for (let axis = last - 1; axis >= 0; axis -= 1) {
      const length = chunkDims[axis] ?? 1;
      const index = (start[axis] ?? 0) + (rest % length);
      rest = Math.floor(rest / length);
      if (index >= (dims[axis] ?? 1)) isInside = false;
      at += index * stride;
      stride *= dims[axis] ?? 1;
    }
    if (isInside)
      whole.set(raw.subarray(row * width * itemSize, (row * width + copied) * itemSize), at * itemSize);
  }
}

/** The filters of a dataset in the order in which they were applied. */
function readFilters(bytes: Hdf5Bytes, message: number | null): readonly number[] {
  if (message === null) return [];
  if (bytes.u8(message) !== 1) throw bytes.unsupported('filters of another HDF5 layout');
  let at = message + 8;
  return Array.from({ length: bytes.u8(message + 1) }, () => {
    const filter = bytes.u16(at);
    if (!Object.values<number>(filterNames).includes(filter))
      throw bytes.unsupported(`data compressed by the HDF5 filter ${filter}`);
    const values = bytes.u16(at + 6);
    at += 8 + bytes.u16(at + 2) + 4 * (values + (values % 2));
    return filter;
  });
}

function unfiltered(
  bytes: Hdf5Bytes,
  chunk: Uint8Array,
  filters: readonly number[],
  itemSize: number,
  chunkSize: number,
): Uint8Array {
  return filters.reduceRight((raw, filter) => {
    if (filter === filterNames.checksum) return raw.subarray(0, Math.max(0, raw.length - 4));
    if (filter === filterNames.shuffle) return unshuffled(raw, itemSize);
    try {
      // A checksum may be inside.
      return inflateSync(raw, { maxOutputLength: chunkSize + 4 });
    } catch {
      throw bytes.damaged('a chunk of a tensor cannot be inflated');
    }
  }, chunk);
}

/** Undoes HDF5's shuffle, which stores the first bytes of all numbers, then the second ones, and so on. */
function unshuffled(raw: Uint8Array, itemSize: number): Uint8Array {
  const count = Math.floor(raw.length / itemSize);
  return Uint8Array.from(raw, (_, at) => raw[(at % itemSize) * count + Math.floor(at / itemSize)] ?? 0);
}
