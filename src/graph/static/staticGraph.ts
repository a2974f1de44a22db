import type { ConstantData, Operation, Origin, Value, ValueType } from './value';
import { sameDims, sizeOf } from './value';

/** Constants up to this size are the same value where their numbers are. */
const comparedSize = 1024;

/**
 * Makes values, each only once: asking for the same operation on the same inputs gives the same value, which is the
 * elimination of common subexpressions. What nobody reaches is never written, which is that of dead code.
 */
export class StaticGraph {
  private readonly values = new Map<string, Value>();
  private readonly largeConstants = new WeakMap<ConstantData, number>();
  private count = 0;
  private origin: Origin | null = null;

  make(operation: Operation, inputs: readonly Value[], dims: readonly number[], type: ValueType): Value {
    const key = `${this.operationKey(operation)}|${inputs.map(({ id }) => id).join()}|${dims.join()}|${type}`;
    const known = this.values.get(key);
    if (known !== undefined) return known;
    const value = { id: this.count++, operation, inputs, dims, type, origin: this.origin };
    this.values.set(key, value);
    return value;
  }

  /** Does the work with every new value coming from the given node of the model. */
  under<T>(origin: Origin | null, work: () => T): T {
    const before = this.origin;
    this.origin = origin;
    try {
      return work();
    } finally {
      this.origin = before;
    }
  }

  input(name: string, dims: readonly number[], type: ValueType): Value {
    return this.make({ kind: 'input', name }, [], dims, type);
  }

  /** @param data row-major; its type tells the value's: Float64Array real, BigInt64Array int64, Uint8Array bool. */
  constant(data: ConstantData, dims: readonly number[]): Value {
    if (data.length !== sizeOf(dims)) throw new RangeError('A constant does not fill its dimensions');
    const type = data instanceof Float64Array ? 'real' : data instanceof BigInt64Array ? 'int64' : 'bool';
    return this.make({ kind: 'constant', data }, [], dims, type);
  }

  scalar(value: number): Value {
    return this.constant(Float64Array.of(value), []);
  }

  private operationKey(operation: Operation): string {
    if (operation.kind !== 'constant') return JSON.stringify(operation);
    const { data } = operation;
    // −0 is written as 0 by join: it must stay another constant.
    if (data.length <= comparedSize) {
      return `constant ${Array.from<number | bigint, string>(data, (x) => (Object.is(x, -0) ? '-0' : String(x))).join()}`;
    }
    const number = this.largeConstants.get(data) ?? this.count;
    this.largeConstants.set(data, number);
    return `constant #${number}`;
  }
}

/** The one number of a constant that holds nothing else, or null. */
export function uniformNumber({ operation }: Value): number | null {
  if (operation.kind !== 'constant' || !(operation.data instanceof Float64Array)) return null;
  const [first] = operation.data;
  if (first === undefined || (operation.data.length > 1 && operation.data.some((x) => x !== first)))
    return null;
  return first;
}

/**
 * The dimensions of an elementwise operation, by ONNX's (NumPy's) broadcasting.
 * @throws RangeError where the dimensions do not fit each other: a fault of the lowering
 */
export function broadcastDims(all: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = all;
  if (all.every((dims) => sameDims(dims, first))) return first;
  const rank = Math.max(...all.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = all.map((dims) => dims[axis - rank + dims.length] ?? 1);
    const size = sizes.find((each) => each !== 1) ?? 1;
    if (sizes.some((each) => each !== 1 && each !== size)) {
      throw new RangeError(`Dimensions [${all.map((dims) => dims.join()).join('] and [')}] do not broadcast`);
    }
    return size;
  });
}
