import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import { SeededRandom } from './random';
import { mostInputNumbers, type InputSpec, type SampleInput, type Samples } from './samples';
import { setting } from '../report/wording/settings';

/**
 * Random inputs for a model without samples: float inputs standard normal; integer inputs uniform over the rows of the table
 * that they index, else 0 and 1; attention masks 1 and token types 0, known by name. Labels are null: they are drawn from the model's own predictions. FailureError where a float input has an open dimension,
 * takes text, or the draw would be too large.
 */
export function drawInputs(specs: readonly InputSpec[], count: number, seed: number): Samples {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new FailureError(
      'UsageError',
      `${String(count)} is no number of random inputs; give a whole number from 1.`,
    );
  }
  const sizes = specs.map((spec) => ({ spec, dims: closedDims(spec) }));
  const ofOne = sizes.reduce((sum, { dims }) => sum + product(dims), 0);
  if (ofOne > mostInputNumbers) {
    throw new FailureError(
      'TooLarge',
      `One sample of the model's inputs is ${ofOne.toLocaleString('en')} numbers, more than fit in memory; export the model for smaller inputs.`,
    );
  }
  const total = count * ofOne;
  if (total > mostInputNumbers) {
    throw new FailureError(
      'UsageError',
      `${String(count)} random inputs are ${total.toLocaleString('en')} numbers, more than fit in memory; draw fewer.`,
    );
  }
  const random = SeededRandom.fromSeed(seed);
  const inputs = sizes.map(({ spec, dims }): SampleInput => {
    const draw = drawer(spec, random);
    return { name: spec.name, dims, data: Float64Array.from({ length: count * product(dims) }, draw) };
  });
  return { source: 'random inputs', count, indices: null, inputs, labels: null, scale: 1 };
}

function drawer(spec: InputSpec, random: SeededRandom): () => number {
  if (spec.type.includes('float')) return () => random.normal();
  if (/mask/i.test(spec.name)) return () => 1;
  if (/token_?type|segment_?id/i.test(spec.name)) return () => 0;
  return () => random.below(spec.type === 'bool' ? 2 : (spec.indexes?.rows ?? 2));
}

/** Where a model takes sequences of any length, random ones are of this: integers are tokens, masks or their types. */
const openLength = 16;

function closedDims(spec: InputSpec): readonly number[] {
  if (spec.type === 'string' || spec.type === 'other') {
    throw new FailureError(
      'UnsupportedStructure',
      `The model's input ${quote(spec.name)} takes no numbers, and only numbers can be given to it.`,
    );
  }
  const dims = spec.dims.map((size) => size ?? (spec.type.includes('int') ? openLength : null));
  const closed = dims.filter((size) => size !== null);
  if (closed.length === dims.length) return closed;
  throw new FailureError(
    'SampleShapeMismatch',
    `The model's input ${quote(spec.name)} takes samples of any size, so random ones cannot be drawn; say which with ${setting('shape')}, or give a file with ${setting('samples')}.`,
  );
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, next) => size * next, 1);
}
