import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { RandomAccessFile } from '../../files/randomAccess';
import { openRandomAccessFile } from '../../files/randomAccess';
import { sizeOf } from '../../graph/static/value';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
  type TensorProto,
} from '../../runtime/onnx/onnx_pb';
import type { RunnableModel } from '../model';
import { storages } from '../storages';
import { damagedModel } from './damaged';
import { elementTypeOf } from './elementTypes';
import { externalLocation, externalPlace, isExternal, realPathOf } from './externalData';
import { readOnnxUnrun } from './readOnnx';

/** Fields by their numbers (onnx.proto). */
const fieldOf = { graph: 7, initializer: 5, rawData: 9 } as const;
/** Bytes that are read together where little is wanted. */
const windowBytes = 4096;
/** Numbers that a tensor keeps of its beginning, and of its end; and bytes of a tensor that is kept whole. */
const sampledAside = 2048;
const wholeBytes = 8 * sampledAside;

/** A tensor as its header has it, and where its numbers lie in the file that holds the header; null: not in it. */
interface Header {
  readonly tensor: TensorProto;
  readonly raw: readonly [begin: number, end: number] | null;
}

/**
 * A model of which the large initialisers have their own sizes, and of their numbers the first and the last alone: what it takes
 * is told before the file, or the files that hold its weights, are read.
 * @param path absolute
 * @param most numbers of all initialisers, up to which nobody asks
 * @returns null where they are no more
 * @throws FailureError as readOnnx does; where a tensor is written number by number
 */
export async function readOutline(
  path: string,
  file: RandomAccessFile,
  most: number,
): Promise<Pick<RunnableModel, 'graph' | 'executable'> | null> {
  const reader = new WireReader(file);
  const headers: Header[] = [];
  const ofModel: Uint8Array[] = [];
  const ofGraph: Uint8Array[] = [];
  for await (const field of reader.fields(0, file.size)) {
    if (field.number !== fieldOf.graph) {
      ofModel.push(await reader.bytes(field.from, field.end));
      continue;
    }
    for await (const inner of reader.fields(field.begin, field.end)) {
      if (inner.number === fieldOf.initializer) headers.push(await headerOf(reader, inner));
      else ofGraph.push(await reader.bytes(inner.from, inner.end));
    }
  }
  if (headers.reduce((sum, { tensor }) => sum + sizeOf(tensor.dims.map(Number)), 0) <= most) return null;
  const sizes = new Map<string, readonly number[]>();
  const initializer: TensorProto[] = [];
  for (const header of headers) initializer.push(await sampled(path, file, header, sizes));
  const model = fromBinary(ModelProtoSchema, Buffer.concat(ofModel));
  const graph = { ...fromBinary(GraphProtoSchema, Buffer.concat(ofGraph)), initializer };
  const read = await readOnnxUnrun(path, toBinary(ModelProtoSchema, { ...model, graph }));
  const initialisers = new Map(
    [...read.graph.initialisers].map(([name, tensor]) => [
      name,
      { ...tensor, dims: sizes.get(name) ?? tensor.dims },
    ]),
  );
  return { graph: { ...read.graph, initialisers }, executable: read.executable };
}

async function headerOf(reader: WireReader, { begin, end }: Field): Promise<Header> {
  if (end - begin <= wholeBytes)
    return { tensor: fromBinary(TensorProtoSchema, await reader.bytes(begin, end)), raw: null };
  const parts: Uint8Array[] = [];
  let raw: Header['raw'] = null;
  for await (const field of reader.fields(begin, end)) {
    if (field.number === fieldOf.rawData) raw = [field.begin, field.end];
    else if (field.end - field.from > wholeBytes) throw reader.damaged();
    else parts.push(await reader.bytes(field.from, field.end));
  }
  return { tensor: fromBinary(TensorProtoSchema, Buffer.concat(parts)), raw };
}

/** The tensor with the numbers of its beginning and its end, as a row of them; its own sizes go to `sizes`. */
async function sampled(
  path: string,
  file: RandomAccessFile,
  { tensor, raw }: Header,
  sizes: Map<string, readonly number[]>,
): Promise<TensorProto> {
  if (raw === null && !isExternal(tensor)) return tensor;
  const type = elementTypeOf(tensor.dataType);
  if (type === 'string' || type === 'other') return tensor;
  const item = storages[type].BYTES_PER_ELEMENT;
  const dims = tensor.dims.map(Number);
  const bytes = sizeOf(dims) * item;
  const sampleOf = async (from: RandomAccessFile, offset: number): Promise<Uint8Array> => {
    const aside = sampledAside * item;
    if (bytes <= 2 * aside) return from.read(offset, bytes);
    sizes.set(tensor.name, dims);
    return Buffer.concat([await from.read(offset, aside), await from.read(offset + bytes - aside, aside)]);
  };
  const outside = async (): Promise<Uint8Array> => {
    const opened = await openRandomAccessFile(
      await realPathOf(path, file.name, externalLocation(tensor, file.name)),
    );
    try {
      return await sampleOf(opened, externalPlace(tensor, bytes).offset);
    } finally {
      await opened.close();
    }
  };
  if (raw !== null && raw[1] - raw[0] !== bytes) throw damagedModel(file.name, 'a tensor is cut off');
  const rawData = raw === null ? await outside() : await sampleOf(file, raw[0]);
  return {
    ...tensor,
    rawData,
    dims: sizes.has(tensor.name) ? [BigInt(rawData.length / item)] : tensor.dims,
    dataLocation: DataLocation.DEFAULT,
    externalData: [],
  };
}

/** A field of a message: where it begins, and where its contents do and end. */
interface Field {
  readonly number: number;
  readonly from: number;
  readonly begin: number;
  readonly end: number;
}

/** Walks protobuf's fields in a file, without reading what they hold. */
class WireReader {
  private window: { readonly from: number; readonly bytes: Uint8Array } = {
    from: 0,
    bytes: new Uint8Array(0),
  };

  constructor(private readonly file: RandomAccessFile) {}

  async *fields(from: number, to: number): AsyncGenerator<Field> {
    for (let at = from; at < to;) {
      const tag = await this.varint(at);
      const value = await this.contents(tag.value % 8, tag.end);
      if (value.end > to) throw this.damaged();
      yield { number: Math.floor(tag.value / 8), from: at, ...value };
      at = value.end;
    }
  }

  async bytes(from: number, to: number): Promise<Uint8Array> {
    if (to - from > windowBytes) return this.file.read(from, to - from);
    const { window } = this;
    if (from < window.from || to > window.from + window.bytes.length)
      this.window = {
        from,
        bytes: await this.file.read(from, Math.min(windowBytes, this.file.size - from)),
      };
    return this.window.bytes.slice(from - this.window.from, to - this.window.from);
  }

  damaged(): Error {
    return damagedModel(this.file.name, 'it ends early or cannot be decoded as an ONNX model');
  }

  private async contents(wire: number, at: number): Promise<Pick<Field, 'begin' | 'end'>> {
    if (wire === 0) return { begin: at, end: (await this.varint(at)).end };
    if (wire === 1 || wire === 5) return { begin: at, end: at + (wire === 1 ? 8 : 4) };
    if (wire !== 2) throw this.damaged();
    const length = await this.varint(at);
    return { begin: length.end, end: length.end + length.value };
  }

  private async varint(at: number): Promise<{ readonly value: number; readonly end: number }> {
    const bytes = await this.bytes(at, Math.min(at + 10, this.file.size));
    let value = 0;
    for (const [index, byte] of bytes.entries()) {
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: at + index + 1 };
    }
    throw this.damaged();
  }
}
