import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/report/report';
import { reportText } from '../../../src/report/text';
import { exactly, exampleEstimate, exampleReport } from './exampleReport';

/** The text that stands right of a label. */
function lineOf(report: Report, label: string): string {
  const line = reportText(report)
    .split('\n')
    .find((candidate) => candidate.startsWith(`${label} `));
  if (line === undefined) throw new Error(`No line begins with ${label}`);
  return line.slice(label.length).trim();
}

function withWarnings(warnings: Report['warnings']): Report {
  return { ...exampleReport, warnings };
}

describe('reportText', () => {
  it('names what the numbers depend on', () => {
    expect(lineOf(exampleReport, 'Model')).toBe('digits.onnx (ONNX, pytorch 2.1)');
    expect(lineOf(exampleReport, 'Architecture')).toBe('perceptron 64-16-10, tanh');
    expect(lineOf(exampleReport, 'Parameters')).toBe('1,210 reached from the output "logits"');
    expect(lineOf(exampleReport, 'Samples')).toBe('1,797 from digits.npz, 10 classes, labels given');
    expect(lineOf(exampleReport, 'Loss')).toBe('softmax cross-entropy (assumed)');
    expect(lineOf(exampleReport, 'Method')).toBe('closed form, 2.1e9 multiply-adds, 40.0 MB');
    expect(lineOf(exampleReport, 'Mode')).toBe('evaluation, float64, seed 0, threads 2');
  });

  it('says where labels were not given and inputs were scaled', () => {
    const samples = { ...exampleReport.samples, labels: 'drawn' as const, scale: 1 / 256 };
    expect(lineOf({ ...exampleReport, samples }, 'Samples')).toBe(
      "1,797 from digits.npz, 10 classes, labels drawn from the model's own predicted distribution, inputs × 0.003906",
    );
  });

  it('says where the inputs are random', () => {
    const samples = { ...exampleReport.samples, source: 'random inputs', labels: 'drawn' as const };
    expect(lineOf({ ...exampleReport, samples }, 'Samples')).toMatch(/^1,797 random inputs, 10 classes/);
  });

  it('gives the bounds, the mean loss beside ln C, and ‖H‖_F as the root of its square', () => {
    expect(lineOf(exampleReport, 'λ_max')).toContain('upper bound 1.6, lower bound 0.0046');
    expect(lineOf(exampleReport, 'λ_min')).toContain('upper bound 0.0027, lower bound -1.55');
    expect(reportText(exampleReport)).toContain('blockwise upper bound 1.5');
    expect(lineOf(exampleReport, 'Mean loss')).toContain('0.01767   (ln 10 = 2.303');
    expect(lineOf(exampleReport, 'Accuracy')).toBe('99.94 %');
    expect(lineOf(exampleReport, '‖∇L‖')).toContain('0.01509');
    expect(lineOf(exampleReport, '‖H‖_F')).toBe('2');
    expect(lineOf(exampleReport, 'Cross-sample')).toBe(
      '88 % of ‖H‖_F² comes from pairs of different samples',
    );
  });

  it('has the scale-adapted sharpness where it was asked for', () => {
    expect(reportText(exampleReport)).not.toContain('Scale-adapted');
    const lambdaMax = {
      lower: 3.11,
      upper: 3.14,
      kind: 'probabilistic',
      confidence: 0.999,
      certified: true,
      steps: 9,
    } as const;
    expect(lineOf({ ...exampleReport, scaleAdapted: { lambdaMax } }, 'Scale-adapted')).toBe(
      'λ_max between 3.11 and 3.14, certified at 99.9 % after 9 Lanczos steps   (the same however layers are scaled against each other)',
    );
  });

  it('says in a line each what drives the bound, where it is known', () => {
    expect(lineOf(exampleReport, 'λ_2')).toBe('upper bounds 0.9');
    expect(lineOf(exampleReport, 'Gauss-Newton')).toBe('upper bound 1.4 on its λ_max');
    expect(lineOf(exampleReport, 'Top samples')).toBe('#3 (label 1) 13 % of ‖H‖_F²');
    expect(reportText(exampleReport)).not.toMatch(/Hidden units|Elasticity/);
    const [first, second] = exampleReport.layers;
    const driven: Report = {
      ...exampleReport,
      bounds: {
        ...exampleReport.bounds,
        eigenvalues: [2, 3, 4].map((k) => ({ k, lower: exactly(0), upper: exactly(1 / k) })),
      },
      layers: [
        { ...first!, elasticity: -0.9, units: [0.1, 0.05, 0.2, 0.15] },
        { ...second!, elasticity: null },
      ],
    };
    expect(lineOf(driven, 'λ_2 … λ_4')).toBe('upper bounds 0.5 … 0.25');
    expect(lineOf(driven, 'Hidden units')).toBe('the largest 3 of the 4 fed by fc.0 carry 45 % of ‖H‖_F²');
    expect(lineOf(driven, 'fc.0').split(/ {2,}/).at(-1)).toBe('-0.9');
    expect(lineOf(driven, 'fc.1').split(/ {2,}/).at(-1)).toBe('–');
  });

  it('carries the standard error of F² over to ‖H‖_F', () => {
    const estimated = { ...exampleReport, frobeniusSquared: { value: 4, standardError: 0.4 } };
    expect(lineOf(estimated, '‖H‖_F')).toBe('2.0 ± 0.1');
  });

  it('gives an estimate its 95 % interval, and says how many probes it is from', () => {
    const { bounds } = exampleReport;
    const estimated: Report = {
      ...exampleReport,
      method: 'estimate',
      trace: { value: 5, standardError: 0.04 },
      frobeniusSquared: { value: 4, standardError: 0.4 },
      bounds: {
        ...bounds,
        lambdaMax: {
          lower: { value: 0.0046, standardError: 0.0002 },
          upper: { value: 1.6, standardError: 0.02 },
          blockwiseUpper: { value: 1.5, standardError: 0.02 },
        },
        lambdaMin: {
          lower: { value: -1.55, standardError: 0.02 },
          upper: { value: 0.0027, standardError: 0.0002 },
        },
        eigenvalues: [{ k: 2, lower: exactly(-0.02), upper: { value: 0.9, standardError: 0.02 } }],
      },
      estimate: exampleEstimate,
      gaussNewton: {
        trace: exactly(4.5),
        frobeniusSquared: exactly(3),
        upper: { value: 1.4, standardError: 0.02 },
        intervals: {
          trace: { lower: 4.5, upper: 4.5 },
          frobeniusSquared: { lower: 3, upper: 3 },
          upper: { lower: 1.36, upper: 1.44 },
        },
      },
    };
    const text = reportText(estimated);
    expect(lineOf(estimated, 'Trace of H')).toBe('5.00 (4.91 to 5.09, 95 %)');
    // The roots of F²'s ends, 3.1 and 4.9: they are not as far from 2 as each other.
    expect(lineOf(estimated, '‖H‖_F')).toBe('2.0 (1.7 to 2.3, 95 %)');
    expect(text).toContain(
      'estimate of the upper bound 1.60 (1.57 to 1.65, 95 %), of the lower bound 0.0046 (0.0042 to 0.0050, 95 %)',
    );
    expect(text).toContain('blockwise estimate 1.50 (1.45 to 1.55, 95 %)');
    expect(text).toContain(
      'estimate of the upper bound 0.0027 (0.0023 to 0.0031, 95 %), of the lower bound -1.55 (-1.60 to -1.50, 95 %)',
    );
    expect(text).toContain('estimates of upper bounds 0.90 (0.85 to 0.95, 95 %)');
    expect(text).toContain('estimate of the upper bound 1.40 (1.36 to 1.44, 95 %) on its λ_max');
    expect(text.replaceAll('\n', ' ')).toContain(
      'edge ≳ 1.25 (1.21 to 1.27, 95 %), by the estimate of the upper bound',
    );
    expect(lineOf(estimated, 'Error bars')).toBe(
      '30 random probes, as many as a pilot of 10 called for: 95 % intervals within the 1 % asked; ± is one standard error',
    );
    expect(reportText(exampleReport)).not.toContain('Error bars');
  });

  it('says what was found of λ_max and λ_min, on which grounds, and calls an estimate one', () => {
    const found = { kind: 'probabilistic', confidence: 0.999, steps: 24 } as const;
    const { bounds, layers } = exampleReport;
    const estimated: Report = {
      ...exampleReport,
      method: 'estimate',
      bounds: {
        ...bounds,
        lambdaMax: {
          lower: bounds.lambdaMax.lower,
          upper: { value: 1.6, standardError: 0.02 },
          blockwiseUpper: null,
        },
      },
      sharpness: {
        lambdaMax: { ...found, lower: 1.0301, upper: 1.0302, certified: true },
        lambdaMin: { ...found, lower: -0.5, upper: -0.2, certified: false },
      },
      layers: layers.map((layer) => ({ ...layer, ownCurvature: null, coupling: null })),
      blocks: null,
    };
    expect(lineOf(estimated, 'λ_max')).toBe('= 1.03, certified at 99.9 % after 24 Lanczos steps');
    expect(lineOf(estimated, 'λ_min')).toBe(
      'between -0.5 and -0.2, not certified: with 99.9 % confidence, after 24 Lanczos steps',
    );
    const text = reportText(estimated);
    expect(text).toContain('estimate of the upper bound 1.60 ± 0.02');
    // A sentence is broken into lines.
    expect(text.replaceAll('\n', ' ')).toContain('descent: edge 1.941; above it');
    expect(text).toContain('λ_min is at most -0.2 (at least 19 % of λ_max in size)');
    expect(text).toContain('were not asked for (the setting “blocks”)');
    expect(text).not.toMatch(/λ_max +upper bound|many times too high|coupling: Σ/);
  });

  it('says where the spectrum is known, and in which form', () => {
    const exact = {
      method: 'exact',
      grid: [-1, 0, 1],
      densities: [0.25, 0.75],
      spread: null,
      probes: 0,
      steps: 0,
    } as const;
    const values = [0.9, 0.5, 0.1, -0.2];
    expect(lineOf({ ...exampleReport, spectrum: { ...exact, values } }, 'Spectrum')).toBe(
      'all 4 eigenvalues, 1 of them negative',
    );
    const quadrature = {
      ...exact,
      method: 'quadrature',
      values: null,
      spread: [0.1, 0.1],
      probes: 8,
      steps: 24,
    } as const;
    expect(lineOf({ ...exampleReport, spectrum: quadrature }, 'Spectrum')).toContain('8 × 24 Lanczos steps');
  });

  it('gives no ln C for a regression', () => {
    const samples = { ...exampleReport.samples, classes: 0, accuracy: null };
    const regression = { ...exampleReport, loss: 'mean-squared-error' as const, samples };
    expect(lineOf(regression, 'Mean loss')).toBe('0.01767');
    expect(reportText(regression)).not.toContain('Accuracy');
  });

  it('lists every layer with its share of the upper bound, and explains a negative one', () => {
    expect(lineOf(exampleReport, 'fc.0').split(/ {2,}/)).toEqual([
      'Linear',
      '64 → 16',
      '1,040',
      '2.5',
      '1.8',
      '113 %',
      '1.5',
      '0.25',
      '4.25',
    ]);
    expect(lineOf(exampleReport, 'fc.1').split(/ {2,}/)[5]).toBe('-13 %');
    expect(reportText(exampleReport)).toContain('A negative contribution lowers the bound');
    const positive = { ...exampleReport, layers: exampleReport.layers.slice(0, 1) };
    expect(reportText(positive)).not.toContain('A negative contribution');
  });

  it('gives no share of an upper bound that is not positive', () => {
    const lambdaMax = { lower: exactly(-3), upper: exactly(-1), blockwiseUpper: null };
    const negative = { ...exampleReport, bounds: { ...exampleReport.bounds, lambdaMax } };
    expect(lineOf(negative, 'fc.0').split(/ {2,}/)[5]).toBe('–');
  });

  it('shows the warnings and the time', () => {
    const text = reportText(exampleReport);
    expect(text).toContain('\nWarning: The loss is assumed.\n');
    expect(text.endsWith('Time: 0.27 s (read 0.02, compute 0.25)\n')).toBe(true);
  });

  it('breaks long sentences at 110 characters', () => {
    const lines = reportText(withWarnings([{ kind: 'Long', message: 'a word '.repeat(60).trim() }])).split(
      '\n',
    );
    expect(lines.filter((line) => line.includes('a word')).length).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes('a word') && line.length > 110)).toEqual([]);
  });

  it('lets no name of a hostile file reach the terminal as a control sequence', () => {
    const escape = '\u001b[2J\u0007\u202egnp';
    const [first] = exampleReport.layers;
    if (first === undefined) throw new Error('the example has a layer');
    const hostile: Report = {
      ...exampleReport,
      model: { ...exampleReport.model, file: escape, producer: escape, output: escape, architecture: escape },
      samples: { ...exampleReport.samples, source: escape },
      layers: [{ ...first, name: `${escape}\nfake`, kind: escape }],
      warnings: [{ kind: 'Hostile', message: escape }],
    };
    expect(reportText(hostile).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(lineOf(hostile, String.raw`\u{1b}[2J\u{7}\u{202e}gnp\u{a}fake`)).toContain('64 → 16');
  });
});
