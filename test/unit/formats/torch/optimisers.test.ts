import { describe, expect, it } from 'vitest';
import type { Report } from '../../../../src/report/report';
import { learningRateAnswer } from '../../../../src/report/wording/learningRate';
import { analyseReference, architectureOf, readJson } from '../references';

/** λ_max of H, and of P^-½HP^-½ where the optimiser is Adam, by PyTorch in float64 (make_optimisers.py). */
const references = readJson('optimisers/optimisers.ref.json') as Readonly<
  Record<string, { readonly plain: number; readonly preconditioned?: number }>
>;
const architecture = architectureOf({ layers: [{ linear: '0' }, 'tanh', { linear: '2' }] });

async function analysed(file: string, choice: Parameters<typeof analyseReference>[1] = {}): Promise<Report> {
  const samples = 'optimisers/samples.npz';
  return analyseReference(`optimisers/${file}`, { architecture, precision: 1e-9, ...choice }, samples);
}

const messages = ({ warnings }: Report): string => warnings.map(({ message }) => message).join('\n');

describe('the state of an optimiser beside the weights', () => {
  it.each([
    ['adam.pt', { optimiser: 'adam', learningRate: 0.01, momentum: 0.9, batchSize: null }],
    ['amsgrad.ckpt', { optimiser: 'adam', learningRate: 0.02, momentum: 0.8, batchSize: null }],
    ['named.pt', { optimiser: 'adam', learningRate: 0.01, momentum: 0.9, batchSize: null }],
  ])('of Adam gives the Hessian that it meets: %s', async (file, training) => {
    const report = await analysed(file);
    expect(report.training).toEqual(training);
    const { plain, preconditioned = NaN } = references[file]!;
    const met = report.preconditioned!.lambdaMax;
    expect(met.certified).toBe(true);
    // Weights and state are PyTorch's, in float32; the eigenvalue of both is found in float64.
    expect(Math.abs(met.upper / preconditioned - 1)).toBeLessThan(1e-8);
    expect(Math.abs(met.lower / preconditioned - 1)).toBeLessThan(1e-8);
    expect(Math.abs(report.sharpness!.lambdaMax.upper / plain - 1)).toBeLessThan(1e-8);

    const share =
      (training.learningRate * preconditioned * (1 - training.momentum)) / (2 + 2 * training.momentum);
    const told = learningRateAnswer(report)!;
    expect(Number.parseFloat(told.headline)).toBeCloseTo(100 * share, 0);
    expect(told.sentences.join(' ')).toContain('Adam');
  });

  it('of Adam is the same by the closed form', async () => {
    const report = await analysed('adam.pt', { method: 'auto' });
    expect(report.method).toBe('closed-form');
    expect(
      Math.abs(report.preconditioned!.lambdaMax.upper / references['adam.pt']!.preconditioned! - 1),
    ).toBeLessThan(1e-6);
  });

  it('of Adam counts for nothing where another optimiser is said', async () => {
    const report = await analysed('adam.pt', {
      training: { optimiser: 'sgd', learningRate: 0.5, momentum: 0, batchSize: null },
    });
    expect(report.preconditioned).toBeUndefined();
    expect(report.training?.learningRate).toBe(0.5);
  });

  it('of Adam in groups without names is told not to tell', async () => {
    const report = await analysed('groups.pt');
    expect(report.preconditioned).toBeUndefined();
    expect(messages(report)).toMatch(/state of Adam .* cannot be told apart by parameter/);
    expect(messages(report)).toMatch(/weight decay of 0\.01, which is not counted/);
    expect(learningRateAnswer(report)!.headline).toBe('no edge from here');
  });

  it('of Adam in float32 is refused with what to ask for', async () => {
    const report = await analysed('adam.pt', { method: 'estimate', dtype: 'float32', precision: 0.01 });
    expect(report.preconditioned).toBeUndefined();
    expect(messages(report)).toMatch(/sharpness that Adam meets was not found: it takes products in float64/);
  });

  it('of gradient descent gives its rate and momentum', async () => {
    const report = await analysed('nesterov.pt');
    expect(report.training).toEqual({
      optimiser: 'nesterov',
      learningRate: 0.1,
      momentum: 0.8,
      batchSize: null,
    });
    expect(messages(report)).toContain('Read from the file: gradient descent with Nesterov’s momentum');
  });

  it('of an optimiser whose edge is not known gives nothing', async () => {
    const report = await analysed('nadam.pt');
    expect(report.training).toBeUndefined();
    expect(report.preconditioned).toBeUndefined();
  });
});
