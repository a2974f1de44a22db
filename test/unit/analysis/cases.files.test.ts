import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';

const folder = join('test', 'references', 'cases');

function run(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  const path = join(folder, `${name}.npz`);
  const samples: AnalysisRequest['samples'] = existsSync(path)
    ? { kind: 'file', path, inputs: {}, labels: null }
    : { kind: 'random', count: 32 };
  const model = join(folder, `${name}.onnx`);
  return analyse({ ...requestDefaults, model, samples, threads: 1, ...request }, () => undefined);
}

/** Loss, ‖H‖_F and λ_max, of the closed form and of every column alike. */
async function requireAlike(name: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  const closed = await run(name, request);
  const exact = await run(name, { ...request, method: 'exact' });
  expect(closed.method).toBe('closed-form');
  expect(exact.samples.meanLoss / closed.samples.meanLoss).toBeCloseTo(1, 12);
  expect(exact.trace.value / closed.trace.value).toBeCloseTo(1, 10);
  expect(exact.frobeniusSquared.value / closed.frobeniusSquared.value).toBeCloseTo(1, 10);
  return closed;
}

describe('files of one kind each', () => {
  it('Atan is a known activation', async () => {
    const report = await requireAlike('op_Atan');
    expect(report.model.parameters).toBe(57);
  });

  it('an output that copies an input is none to put a loss on', async () => {
    const report = await requireAlike('passthrough-output');
    expect(report.model.output).toBe('output');
  });

  it('an index beyond a table is the fault of its sample', async () => {
    await expect(run('tokbad', { model: join(folder, 'tok.onnx') })).rejects.toMatchObject({
      failure: {
        kind: 'IndexOutOfRange',
        message: expect.stringMatching(
          /"input_ids" in "tokbad\.npz" holds 13 at \[0, 0\].* in sample 0,.* "input_ids" .* that has 9, 0 to 8/,
        ) as string,
      },
    });
    const random = await run('tok');
    expect(random.model.parameters).toBe(51);
  });

  it('a model without a batch axis is told so, by every method', async () => {
    for (const method of ['auto', 'closed-form', 'exact'] as const) {
      await expect(run('unbatched-policy', { method })).rejects.toThrow(
        /^The model takes one sample at a time: no axis of its input "obs", of shape \[4\], counts samples; export it with a leading batch axis/,
      );
    }
  });

  it.each([
    ['cnn25', 'logits'],
    ['cnn2', 'logits'],
    ['mlp2', 'logits'],
  ])('%s has one output that is named logits, for every method', async (name, output) => {
    const reports = await Promise.all(
      (['auto', 'exact', 'estimate'] as const).map((method) => run(name, { method })),
    );
    for (const { model } of reports) expect(model.output).toBe(output);
    const [first, ...others] = reports.map((report) => report.samples.meanLoss);
    for (const other of others) expect(other / (first ?? NaN)).toBeCloseTo(1, 12);
  });

  it('the same opset may be imported twice', async () => {
    const report = await requireAlike('double-import');
    expect(report.model.parameters).toBe(67);
  });

  it("a model's own functions are what they are made of", async () => {
    const report = await requireAlike('fn');
    expect(report.model.parameters).toBe(57);
  });

  it('a newer version of the file format is named', async () => {
    await expect(run('ir14')).rejects.toThrow(
      /written by a newer onnx \(IR version 14\) than this version reads/,
    );
  });

  it.each([
    ['lrn', 175],
    ['lppool', 223],
  ])("PyTorch's %s is analysed as its exporter writes it out", async (name, parameters) => {
    const report = await run(name, { method: 'exact' });
    expect(report.model.parameters).toBe(parameters);
  });

  it('the index that a data frame is written with is no input', async () => {
    const report = await analyse(
      {
        ...requestDefaults,
        model: 'examples/digits.onnx',
        samples: { kind: 'file', path: join(folder, 'pandas.csv'), inputs: {}, labels: null },
        threads: 1,
      },
      () => undefined,
    );
    expect(report.samples.meanLoss).toBeCloseTo(0.0435, 4);
    expect(report.sharpness?.lambdaMax.upper).toBeCloseTo(1.603, 2);
    expect(JSON.stringify(report.warnings)).toMatch(
      /The first column of .* counts the rows and was left out/,
    );
  });

  it.each([
    [
      'internal-900278',
      /^The model takes at least 80\.0 GB to run on 999,999,999 samples at a time, more than the/,
    ],
    [
      'fixedbatch-50000000',
      /^The model takes at least 4\.00 GB to run on 50,000,000 samples at a time, more than/,
    ],
    ['bomb_concat', /^Node "Concat_q29" \(Concat\) makes a tensor of at least 536,870,912 numbers/],
  ])('what %s asks for is counted, and never taken', async (name, message) => {
    await expect(run(name, { memoryBudget: 2 ** 28 })).rejects.toMatchObject({
      failure: { kind: 'TooLarge', message: expect.stringMatching(message) as string },
    });
  });
});
