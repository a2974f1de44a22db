// Reads a Parquet file in a thread of its own, which its starter ends: some damaged files keep hyparquet busy for ever. Plain
// JavaScript, since a thread starts from a file, and tests run this one as it is.
import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';

/** @import { Cell, ThreadData, ThreadMessage } from './parquetTable' */

/** What the columns may hold together, uncompressed. */
const largest = 2 ** 31 - 1;

/** Snappy is hyparquet's own. @type {import('hyparquet').Compressors} */
const compressors = {
  GZIP: (input, length) => new Uint8Array(gunzipSync(input, { maxOutputLength: Math.max(length, 1) })),
  BROTLI: (input, length) =>
    new Uint8Array(brotliDecompressSync(input, { maxOutputLength: Math.max(length, 1) })),
};

/** @param {ThreadMessage} message */
function post(message) {
  parentPort?.postMessage(message);
}

/** @param {ThreadData} wanted */
async function readFile({ path, mostRows }) {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  /** @type {import('hyparquet').AsyncBuffer} */
  const file = {
    byteLength: size,
    slice: async (start, end = size) => {
      if (!(start >= 0 && end >= start && end <= size)) throw new Error('its contents point beyond its end');
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytesRead === bytes.length ? bytes.buffer : bytes.slice(0, bytesRead).buffer;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  const bytes = metadata.row_groups.reduce((sum, group) => sum + Number(group.total_byte_size), 0);
  if (!(bytes <= largest))
    throw new Error(`it holds ${bytes.toLocaleString('en')} bytes when it is inflated, more than are read`);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const written = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value ?? null;
  post({ head: { columns, written } });
  // A group of rows at a time: its cells are smaller than what hyparquet makes of them.
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = rowStart + Number(group.num_rows);
    const rowEnd = Math.min(groupEnd, mostRows ?? Infinity);
    // Binary columns stay bytes: pictures are no text.
    const options = { file, metadata, columns, compressors, utf8: false, rowStart, rowEnd };
    const rows = rowEnd > rowStart ? await parquetReadObjects(options) : [];
    post({ cells: columns.map((name) => rows.map((row) => cellOf(row[name]))) });
    rowStart = groupEnd;
  }
  post({ end: { count: Number(metadata.num_rows) } });
}

/**
 * @param {unknown} value
 * @returns {Cell}
 */
function cellOf(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (isList(value)) return listOf(value) ?? textOf(value);
  // So are pictures stored by Hugging Face's library.
  if (typeof value === 'object' && 'bytes' in value && value.bytes instanceof Uint8Array) return value.bytes;
  return textOf(value);
}

/** @param {unknown} value @returns {value is readonly unknown[]} */
function isList(value) {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** @param {unknown} value */
function textOf(value) {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)).slice(0, 200);
}

/**
 * Lists within lists as numbers; null where they are of different lengths or hold anything else.
 *
 * @param {readonly unknown[]} list
 * @returns {Cell}
 */
function listOf(list) {
  const dims = [list.length];
  let level = list;
  for (let first = level[0]; isList(first); first = level[0]) {
    const size = first.length;
    if (!level.every((each) => isList(each) && each.length === size)) return null;
    dims.push(size);
    level = level.flatMap((each) => (isList(each) ? [...each] : []));
  }
  const isNumber = level.every((each) => ['number', 'bigint', 'boolean'].includes(typeof each));
  return isNumber ? { dims, values: Float64Array.from(level, Number) } : null;
}

/** @type {ThreadData} */
const wanted = workerData;
readFile(wanted).catch((/** @type {unknown} */ error) => {
  post({ failure: error instanceof Error ? error.message : String(error) });
});
