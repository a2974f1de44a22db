import { describe, expect, it, vi } from 'vitest';
import { ModelSession } from '../../../src/inference/modelSession';
import { tensorAt } from '../../../src/inference/tensorAt';
import { Session } from '../../../src/runtime/session';
import { floats, modelOf, samplesOf } from '../autodiff/opening';
import { failureFrom } from '../formats/failures';
import type { Model } from '../../../src/formats/model';

/** Of x's 4 numbers a sample 1024, four times over, each needed by the next alone; then three. */
function growing(): Promise<Model> {
  return modelOf({
    nodes: [
      { operator: 'Gemm', inputs: ['x', 'wide'], outputs: ['a0'] },
      ...[0, 1, 2].map((i) => ({ operator: 'Tanh', inputs: [`a${i}`], outputs: [`a${i + 1}`] })),
      { operator: 'Gemm', inputs: ['a3', 'narrow'], outputs: ['y'] },
    ],
    initialisers: { wide: floats(1, [4, 1024]), narrow: floats(2, [1024, 3]) },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['y'],
  });
}

const layer = 4 * 1024;
const output = 4 * 3;

describe('what a run of a model takes', () => {
  it('is counted for one sample: what is alive together, and all that a trace keeps', async () => {
    const session = new ModelSession(await growing(), ['y'], 1);
    const { alive, traced } = await session.bytesOfSample(samplesOf('x', 9, [4]));
    expect(alive).toBe(2 * layer);
    expect(traced).toBe(4 * layer + output);
    await session.release();
  });

  it.each([
    [2 ** 30, 64],
    [2 * 8 * (2 * layer), 8],
    [2 * (2 * layer), 1],
  ])('within %i bytes is one of %i samples', async (budget, size) => {
    const model = await growing();
    const samples = samplesOf('x', 100, [4]);
    const whole = new ModelSession(model, ['y'], 1);
    const { data: expected } = await tensorAt(whole, 'y', samples, null, Infinity);
    const session = new ModelSession(model, ['y'], 1);
    const runs = vi.spyOn(Session.prototype, 'run');
    const { data } = await tensorAt(session, 'y', samples, null, budget);
    const sizes = runs.mock.calls.map(([feeds]) => feeds['x']?.dims[0]);
    vi.restoreAllMocks();
    expect(sizes).toEqual(sizes.map(() => size));
    expect(sizes).toHaveLength(Math.ceil(100 / size));
    for (const [at, value] of data.entries()) expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 5);
    for (const each of [whole, session]) await each.release();
  });

  it('is refused where one sample is more than is allowed, with how much it is', async () => {
    const session = new ModelSession(await growing(), ['y'], 1);
    const samples = samplesOf('x', 100, [4]);
    const { kind, message } = await failureFrom(() => tensorAt(session, 'y', samples, null, 8000));
    expect(kind).toBe('TooLarge');
    expect(message).toMatch(
      /^The model takes at least 8\.19 kB to run on one sample, more than the 8\.00 kB/,
    );
    await session.release();
  });

  it('is refused before it where the samples alone say that it is too much', async () => {
    const session = new ModelSession(await growing(), ['y'], 1, undefined, 2 ** 20);
    const runs = vi.spyOn(Session.prototype, 'run');
    const { kind, message } = await failureFrom(() =>
      session.run(['y'], samplesOf('x', 50_000, [4]), 0, 50_000),
    );
    expect(runs).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(kind).toBe('TooLarge');
    expect(message).toMatch(/ to run on 50,000 samples at a time, more than the 1\.05 MB allowed; /);
  });

  it('is traced once for the same few samples', async () => {
    const session = new ModelSession(await growing(), ['y'], 1);
    const traces = vi.spyOn(Session.prototype, 'trace');
    const samples = samplesOf('x', 100, [4]);
    await session.bytesOfSample(samples);
    const trace = await session.trace(samples, 2, 'y');
    expect(traces).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
    expect(trace.get('y')?.data).toHaveLength(6);
    expect(trace.get('a0')).toMatchObject({ dims: [2, 1024], data: null });
    await session.release();
  });
});
