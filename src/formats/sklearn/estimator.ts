import { numbersOf, pickledArray, textsOf, type PickledArray } from '../../files/pickle/numpyArray';
import { PickleObject, PickleTuple, type PickleValue } from '../../files/pickle/values';
import { quote } from '../../files/quote';
import type { Tensor } from '../../graph/graph';
import { FailureError } from '../../report/failure';

/** A fitted estimator or transformer as a pickle holds it. */
export class Estimator {
  /** Its class, without the module. */
  readonly class: string;
  /** Whether scikit-learn's, and not another's of the same name. */
  readonly isOwn: boolean;

  constructor(
    private readonly file: string,
    private readonly object: PickleObject,
  ) {
    this.class = object.of.name;
    this.isOwn = object.of.module.startsWith('sklearn.');
  }

  /** The steps of a pipeline, in their order. */
  steps(): readonly PickleValue[] {
    const steps = this.object.attribute('steps');
    return Array.isArray(steps)
      ? steps.map((step) => (step instanceof PickleTuple ? (step.items[1] ?? null) : null))
      : [];
  }

  isNone(name: string): boolean {
    return this.object.attribute(name) === null;
  }

  /** An attribute that is another estimator. */
  inner(name: string): Estimator | null {
    const value = this.object.attribute(name);
    return value instanceof PickleObject ? new Estimator(this.file, value) : null;
  }

  /** An attribute that is two numbers. */
  pair(name: string): readonly [number, number] {
    const value = this.object.attribute(name);
    const [low, high] = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : [];
    if (typeof low !== 'number' || typeof high !== 'number')
      throw this.damaged(`its ${this.class} has no ${name}`);
    return [low, high];
  }

  /** An attribute that is a number, also one of NumPy's, or null. */
  number(name: string): number | null {
    const value = this.object.attribute(name);
    if (typeof value === 'number') return value;
    const array = pickledArray(value);
    return array?.shape.length === 0 ? (numbersOf(this.file, array)[0] ?? null) : null;
  }

  text(name: string): string | null {
    const value = this.object.attribute(name);
    return typeof value === 'string' ? value : null;
  }

  flag(name: string): boolean | null {
    const value = this.object.attribute(name);
    return typeof value === 'boolean' ? value : null;
  }

  /** The elements of an array of one axis as text, or null where there is none. */
  texts(name: string): readonly string[] | null {
    const array = pickledArray(this.object.attribute(name));
    return array === null ? null : textsOf(this.file, array);
  }

  /** How many numbers, arrays or other things a list has, 0 where it is none. */
  length(name: string): number {
    const value = this.object.attribute(name);
    return Array.isArray(value) ? value.length : 0;
  }

  /** The array of an attribute, or one of a list of them. @throws FailureError DamagedModel where there is none */
  tensor(name: string, at: number | null = null): Tensor {
    const value = this.object.attribute(name);
    const array = pickledArray(at !== null && Array.isArray(value) ? value[at] : value);
    if (array === null) throw this.damaged(`its ${this.class} has no array ${name}`);
    return tensorOf(this.file, array);
  }

  damaged(what: string): FailureError {
    return new FailureError(
      'DamagedModel',
      `${quote(this.file)} is damaged, or its model was not fitted: ${what}; fit it, and save it again.`,
    );
  }

  unsupported(what: string): FailureError {
    return new FailureError(
      'UnsupportedFormat',
      `${quote(this.file)} holds a ${this.class} with ${what}, which is not read; export it to ONNX with skl2onnx and analyse that file.`,
    );
  }
}

/** float32 stays what it is, everything else is float64. */
function tensorOf(file: string, array: PickledArray): Tensor {
  const values = numbersOf(file, array);
  return array.descr.endsWith('f4')
    ? { type: 'float32', dims: array.shape, data: Float32Array.from(values) }
    : { type: 'float64', dims: array.shape, data: values };
}
