import { describe, expect, it } from 'vitest';
import { drawInputs } from '../../../src/samples/drawInputs';
import type { InputSpec } from '../../../src/samples/samples';
import { failureIn } from './failures';

const image: InputSpec = { name: 'image', type: 'float32', dims: [1, 4, 4] };
const tokens: InputSpec[] = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
  name,
  type: 'int64',
  dims: [8],
}));

describe('random inputs', () => {
  it('are standard normal for floats and the same for the same seed', () => {
    const samples = drawInputs([image], 500, 3);
    expect(samples).toMatchObject({ source: 'random inputs', count: 500, labels: null, scale: 1 });
    const data = samples.inputs[0]?.data ?? new Float64Array(0);
    expect(data).toHaveLength(500 * 16);
    const square = data.reduce((sum, value) => sum + value ** 2, 0) / data.length;
    expect(Math.abs(square - 1)).toBeLessThan(5 * Math.sqrt(2 / data.length));
    expect(drawInputs([image], 500, 3)).toEqual(samples);
    expect(drawInputs([image], 500, 4).inputs[0]?.data).not.toEqual(data);
  });

  it('are 0 and 1 for integers, 1 for masks, 0 for token types', () => {
    const [ids, mask, types] = drawInputs(tokens, 20, 0).inputs.map((input) => new Set(input.data));
    expect(ids).toEqual(new Set([0, 1]));
    expect(mask).toEqual(new Set([1]));
    expect(types).toEqual(new Set([0]));
  });

  it('range over the rows of the table that they index', () => {
    const indexed = tokens.map((spec) => ({ ...spec, indexes: { rows: 5, isBound: true } }));
    const ids = drawInputs(indexed, 100, 0).inputs[0]?.data;
    expect(new Set(ids)).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('are refused where they cannot be drawn', async () => {
    const open: InputSpec = { ...image, dims: [null, 4] };
    expect((await failureIn(() => drawInputs([open], 1, 0))).kind).toBe('SampleShapeMismatch');
    expect((await failureIn(() => drawInputs([{ ...image, type: 'string' }], 1, 0))).kind).toBe(
      'UnsupportedStructure',
    );
    for (const count of [0, -1, 1.5, NaN, 2 ** 40]) {
      expect((await failureIn(() => drawInputs([image], count, 0))).kind).toBe('UsageError');
    }
  });
});
