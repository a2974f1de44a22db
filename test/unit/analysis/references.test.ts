import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';

/** What PyTorch found in float64 from the full Hessian. */
interface Reference {
  readonly P: number;
  readonly N: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly grad_norm: number;
  readonly trace: number;
  readonly fro2: number;
  readonly lambda_max: number;
  readonly lambda_min: number;
  readonly top5: readonly number[];
  readonly wolkowicz_styan: Readonly<Record<string, number>>;
  readonly per_layer: Readonly<
    Record<string, { readonly trace: number; readonly block_fro2: number; readonly block_lambda_max: number }>
  >;
  readonly per_tensor: Readonly<Record<string, { readonly row_fro2: number }>>;
}

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/${name}`, import.meta.url));
}

function analyseReference(name: string, memoryBudget: number | null = null): Promise<Report> {
  return analyse(
    {
      ...requestDefaults,
      model: inReferences(`${name}.onnx`),
      samples: { kind: 'file', path: inReferences(`${name}.npz`), inputs: {}, labels: null },
      memoryBudget,
    },
    () => undefined,
  );
}

function expectRelative(found: number, wanted: number | undefined, tolerance = 1e-9): void {
  expect(Math.abs(found - (wanted ?? Number.NaN))).toBeLessThanOrEqual(
    tolerance * Math.abs(wanted ?? Number.NaN),
  );
}

describe.each(['a', 'a_init'])(
  'the reference %s, a perceptron 64-16-10 with PyTorch’s exact curvature',
  (name) => {
    const reference = JSON.parse(readFileSync(inReferences(`${name}.ref.json`), 'utf8')) as Reference;

    it('has its loss, gradient, trace, Frobenius norm and bounds', async () => {
      const report = await analyseReference(name);
      expect(report.model.parameters).toBe(reference.P);
      expect(report.samples.count).toBe(reference.N);
      expect(report.samples.accuracy).toBeCloseTo(reference.accuracy, 12);
      expectRelative(report.samples.meanLoss, reference.loss);
      expectRelative(report.gradientNorm, reference.grad_norm);
      expectRelative(report.trace.value, reference.trace);
      expectRelative(report.frobeniusSquared.value, reference.fro2);
      const { lambdaMax, lambdaMin, eigenvalues } = report.bounds;
      const wanted = reference.wolkowicz_styan;
      expectRelative(lambdaMax.upper.value, wanted['upper_lambda_max']);
      expectRelative(lambdaMax.lower.value, wanted['lower_lambda_max']);
      expectRelative(lambdaMin.upper.value, wanted['upper_lambda_min']);
      expectRelative(lambdaMin.lower.value, wanted['lower_lambda_min']);
      expect(lambdaMax.upper.value).toBeGreaterThan(reference.lambda_max);
      expect(lambdaMax.lower.value).toBeLessThan(reference.lambda_max);
      expect(lambdaMax.blockwiseUpper?.value).toBeGreaterThan(reference.lambda_max);
      expect(lambdaMin.lower.value).toBeLessThan(reference.lambda_min);
      for (const [index, value] of reference.top5.slice(1).entries()) {
        expect(eigenvalues[index]?.upper.value).toBeGreaterThan(value);
        expect(eigenvalues[index]?.lower.value).toBeLessThan(value);
      }
    });

    it('has its traces and block norms layer by layer, and contributions that sum to the bound', async () => {
      const report = await analyseReference(name);
      expect(report.layers.map((layer) => layer.name)).toEqual(Object.keys(reference.per_layer));
      for (const layer of report.layers) {
        const wanted = reference.per_layer[layer.name];
        expectRelative(layer.trace.value, wanted?.trace);
        expectRelative(layer.ownCurvature?.value ?? Number.NaN, wanted?.block_fro2);
        expect(layer.blockUpperBound?.value).toBeGreaterThan(wanted?.block_lambda_max ?? Infinity);
        const rows = ['weight', 'bias'].map(
          (tensor) => reference.per_tensor[`${layer.name}.${tensor}`]?.row_fro2 ?? 0,
        );
        expectRelative(
          (layer.ownCurvature?.value ?? 0) + (layer.coupling?.value ?? 0),
          rows.reduce((a, b) => a + b, 0),
        );
      }
      expectRelative(
        report.layers.reduce((sum, { contribution }) => sum + contribution.value, 0),
        report.bounds.lambdaMax.upper.value,
      );
      expect(report.layers[0]?.units).toHaveLength(16);
      expect(report.layers[1]?.units).toBeNull();
      expect(report.topSamples).toHaveLength(12);
    });

    it('has the same numbers in a working set of 16 MB', async () => {
      const report = await analyseReference(name, 16e6);
      expectRelative(report.trace.value, reference.trace);
      expectRelative(report.frobeniusSquared.value, reference.fro2);
    });

    it('gives the same report twice, but for the time', async () => {
      const [once, again] = [await analyseReference(name), await analyseReference(name)];
      expect({ ...again, time: {} }).toEqual({ ...once, time: {} });
    });
  },
);
