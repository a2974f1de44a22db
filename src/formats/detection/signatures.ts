import type { RandomAccessFile } from '../../files/randomAccess';
import type { FormatName } from './formats';
import { compressionOf, inflatedStart } from '../sklearn/inflated';
import { startsLikeFrozenGraph, startsLikeOnnx, startsLikeProtobufModel } from './protobufStart';
import { zipFormat } from './zipContents';

/** A file and its first bytes. */
export interface FilePeek {
  readonly file: RandomAccessFile;
  readonly head: Uint8Array;
}

/** The bytes that are read of the beginning of every file, and of the end of those that need it. */
export const peekLength = 64 * 1024;

type Signature = (peek: FilePeek) => FormatName | null | Promise<FormatName | null>;

/** What a file's contents say of its format, the first match counting: the strictest come first. */
export const signatures: readonly Signature[] = [
  ({ file }) => (file.size === 0 ? 'empty' : null),
  startsWith('version https://git-lfs', 'lfsPointer'),
  startsWith('GGUF', 'gguf'),
  startsWith('PAR1', 'parquet'),
  startsWith('ARROW1', 'arrow'),
  startsWith('\x93NUMPY', 'npy'),
  startsWith('TFL3', 'tflite', 4),
  startsWith('ORTM', 'ort', 4),
  startsWith('ET12', 'executorch', 4),
  hdf5,
  ({ file, head }) => (textAt(head, 0, 4) === 'PK\x03\x04' ? zipFormat(file) : null),
  ({ head }) => (isLegacyTorch(head) ? 'pytorchLegacy' : null),
  pickle,
  compressed,
  ({ file, head }) => (isSafetensors(file, head) ? 'safetensors' : null),
  ({ head }) => (startsLikeOnnx(head) ? 'onnx' : null),
  ({ file, head }) => startsLikeProtobufModel(head, file.size),
  ({ head }) => (startsLikeFrozenGraph(head) ? 'frozenGraph' : null),
  ({ head }) => (/^\s*(<\?xml[^>]*>\s*)?<net\s[^>]*version=/.test(textAt(head, 0, 1024)) ? 'openvino' : null),
  jsonModel,
];

function startsWith(text: string, format: FormatName, at = 0): Signature {
  return ({ head }) => (textAt(head, at, text.length) === text ? format : null);
}

function hdf5({ head }: FilePeek): FormatName | null {
  // A user block of a power of two bytes may stand in front (HDF5 file format specification, II.A).
  const found = [0, 512, 1024, 2048].some((at) => textAt(head, at, 8) === '\x89HDF\r\n\x1a\n');
  if (!found) return null;
  const keras = /keras_version|model_config|model_weights|layer_names/.test(textAt(head, 0, head.length));
  return keras ? 'kerasHdf5' : 'hdf5';
}

function pickle({ head }: FilePeek): FormatName | null {
  const [mark, protocol = 0] = head;
  // Protocol 2 and later, then a frame, a list, a dictionary, a class or a tuple.
  const starts = mark === 0x80 && protocol >= 2 && protocol <= 5 && '\x95]}c('.includes(textAt(head, 2, 1));
  if (!starts || head.length <= 2) return null;
  return namesScikitLearn(head) ? 'sklearn' : 'pickle';
}

/** A pickle begins with the class of what it holds; a name of a module has its length before it, or stands after a c. */
function namesScikitLearn(head: Uint8Array): boolean {
  return /(?:\x8c[^]|X[^]\0\0\0|c)sklearn\.\w/.test(textAt(head, 0, head.length));
}

/** joblib compresses the whole file. */
function compressed({ head }: FilePeek): FormatName | null {
  if (compressionOf(head) === 'another') return 'compressedPickle';
  const start = inflatedStart(head);
  return start !== null && start[0] === 0x80 && namesScikitLearn(start) ? 'sklearn' : null;
}

/** PyTorch's magic number 0x1950a86a20f9469cfc6c, pickled as a long integer. */
export function isLegacyTorch(head: Uint8Array): boolean {
  return textAt(head, 2, 12) === '\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19';
}

/** Whether a file begins with the length of a header in JSON, which lies in it. */
export function isSafetensors(file: Pick<RandomAccessFile, 'size'>, head: Uint8Array): boolean {
  if (head.length < 9) return false;
  const header = new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(0, true);
  return header + 8n <= BigInt(file.size) && textAt(head, 8, 1) === '{';
}

async function jsonModel({ file, head }: FilePeek): Promise<FormatName | null> {
  const start = textAt(head, 0, head.length);
  if (!/^\s*\{/.test(start)) return null;
  const tailLength = Math.min(peekLength, file.size);
  const tail = await file.read(file.size - tailLength, tailLength);
  const shown = start + textAt(tail, 0, tail.length);
  if (shown.includes('"weight_map"')) return 'safetensorsIndex';
  return shown.includes('"modelTopology"') ? 'tensorflowJs' : null;
}

/** Bytes as characters of the same number. */
function textAt(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString('latin1');
}
