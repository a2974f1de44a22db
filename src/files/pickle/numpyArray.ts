import { FailureError } from '../../report/failure';
import { elementOf, npyRows, wordsOf } from '../npy';
import { quote } from '../quote';
import type { ByteCursor } from './byteCursor';
import { unpickle, type PickleWorld } from './unpickle';
import { PickleObject, PickleTuple, type PickleValue } from './values';

/** An array of NumPy in a pickle, its numbers not looked at yet. */
export interface PickledArray {
  /** NumPy's name of the type, with its byte order: "<f8". */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Whether the first axis is the fastest. */
  readonly fortranOrder: boolean;
  /** As they lie in the file; of Python objects a list. */
  readonly data: Uint8Array | readonly PickleValue[];
}

const reconstruct = /^numpy\._?core\.multiarray\._reconstruct$/;
const scalar = /^numpy\._?core\.multiarray\.scalar$/;
const fromBuffer = /^numpy\._?core\.numeric\._frombuffer$/;
/** How joblib writes an array beside the pickle, and what a read one is kept as. */
const wrapper = 'joblib.numpy_pickle.NumpyArrayWrapper';
const mostDimensions = 64;

/** The array or scalar of NumPy that a value is, or null: none, or of a kind that no model is made of. */
export function pickledArray(value: PickleValue | undefined): PickledArray | null {
  if (!(value instanceof PickleObject)) return null;
  const { of, args, state } = value;
  if (scalar.test(of.path)) return arrayOf(args[0], [], false, args[1]);
  if (fromBuffer.test(of.path)) return arrayOf(args[1], shapeOf(args[2]), args[3] === 'F', args[0]);
  if (of.path === wrapper) {
    const [found] = value.items;
    // Of Python objects: a pickle of its own.
    if (found instanceof PickleObject) return pickledArray(found);
    const order = value.attribute('order');
    return arrayOf(value.attribute('dtype'), shapeOf(value.attribute('shape')), order === 'F', found);
  }
  if (!reconstruct.test(of.path) || !(state instanceof PickleTuple)) return null;
  // (version, shape, dtype, whether in Fortran's order, numbers)
  const [, shape, dtype, isFortran, data] = state.items;
  return arrayOf(dtype, shapeOf(shape), isFortran === true, data);
}

/**
 * Whether joblib writes the numbers of an object behind it in the file, and with it what the array is: they are read from
 * there. For `PickleWorld.built`.
 */
export function joblibArray(name: string, world: PickleWorld): PickleWorld['built'] {
  return (object, cursor) => {
    if (object.of.path !== wrapper) return undefined;
    const descr = descrOf(object.attribute('dtype'));
    const shape = shapeOf(object.attribute('shape'));
    if (descr === null || shape === null) throw damaged(name, 'what joblib says of an array is no array');
    object.items.push(
      descr.endsWith('O') ? unpickle(name, cursor, world) : numbersBehind(name, object, descr, shape, cursor),
    );
    return undefined;
  };
}

function numbersBehind(
  name: string,
  object: PickleObject,
  descr: string,
  shape: readonly number[],
  cursor: ByteCursor,
): Uint8Array {
  // How many bytes bring the numbers to a multiple of the alignment, in front of them; in older files none.
  if (typeof object.attribute('numpy_array_alignment_bytes') === 'number') cursor.skip(cursor.byte());
  const [, kind = '', digits = ''] = /^[<>|=]?([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  const length = shape.reduce((product, each) => product * each, size);
  if (kind === '' || !Number.isSafeInteger(length))
    throw damaged(name, `an array in it has the impossible shape [${shape.join(', ')}]`);
  return cursor.bytes(length);
}

/**
 * The numbers of an array in row-major order; of float64 exact.
 * @throws FailureError UnsupportedFormat for what is no real number; DamagedModel
 */
export function numbersOf(name: string, array: PickledArray): Float64Array {
  const { descr, shape, fortranOrder, data } = array;
  const element = elementOf(quote(name), descr);
  const count = shape.reduce((product, size) => product * size, 1);
  if (!(data instanceof Uint8Array) || count * element.itemSize !== data.length)
    throw damaged(name, `an array of shape [${shape.join(', ')}] in it has other numbers than it says`);
  return npyRows(quote(name), { ...element, shape, fortranOrder, count, dataOffset: 0, bytes: data }, null);
}

/** The elements of an array of one axis as text: words as they are, numbers as JavaScript writes them; or null for others. */
export function textsOf(name: string, array: PickledArray): readonly string[] | null {
  const { descr, shape, data } = array;
  if (shape.length !== 1) return null;
  if (!(data instanceof Uint8Array)) {
    const texts = data.flatMap((value) =>
      typeof value === 'string' ? [value] : typeof value === 'number' ? [String(value)] : [],
    );
    return texts.length === data.length ? texts : null;
  }
  return wordsOf(quote(name), descr, shape, data) ?? Array.from(numbersOf(name, array), String);
}

function arrayOf(
  dtype: PickleValue | undefined,
  shape: readonly number[] | null,
  fortranOrder: boolean,
  data: PickleValue | undefined,
): PickledArray | null {
  const descr = descrOf(dtype);
  const held = data instanceof Uint8Array || Array.isArray(data) ? data : null;
  return descr === null || shape === null || held === null
    ? null
    : { descr, shape, fortranOrder, data: held };
}

/** numpy.dtype('f8', False, True) with the state (3, '<', …). */
function descrOf(dtype: PickleValue | undefined): string | null {
  if (!(dtype instanceof PickleObject) || dtype.of.path !== 'numpy.dtype') return null;
  const [code] = dtype.args;
  const order = dtype.state instanceof PickleTuple ? dtype.state.items[1] : '|';
  return typeof code === 'string' && typeof order === 'string' ? `${order}${code}` : null;
}

function shapeOf(value: PickleValue | undefined): readonly number[] | null {
  const items = value instanceof PickleTuple ? value.items : typeof value === 'number' ? [value] : null;
  if (items === null || items.length > mostDimensions) return null;
  const isSize = (size: PickleValue): size is number => Number.isSafeInteger(size) && Number(size) >= 0;
  return items.every(isSize) ? items : null;
}

function damaged(name: string, what: string): FailureError {
  return new FailureError('DamagedModel', `${quote(name)} is damaged: ${what}; copy or save it again.`);
}
