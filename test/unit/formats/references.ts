import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { parseArchitecture, type Architecture } from '../../../src/report/architecture';
import type { Report } from '../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';

/** What PyTorch or scikit-learn's formulas give in float64 from the full Hessian. */
export interface Numbers {
  readonly count: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly trace: number;
  readonly fro2: number;
  readonly lambda_max: number;
  readonly ws_upper?: number;
  readonly blocks: readonly { readonly name: string; readonly trace: number }[];
}

const folder = join(import.meta.dirname, '../../references');

/** The path of a reference file; one of formats/ by its name alone. */
export function inReferences(name: string): string {
  return join(folder, name.includes('/') ? name : `formats/${name}`);
}

export function readJson(name: string): unknown {
  return JSON.parse(readFileSync(inReferences(name), 'utf8'));
}

export function architectureOf(json: unknown): Architecture {
  const parsed = parseArchitecture(json);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.value;
}

/** The exact curvature of a reference file. @param data the file's samples; else the .npz beside it */
export async function analyseReference(
  file: string,
  choice: Partial<AnalysisRequest> = {},
  data = `${file.split('.')[0] ?? ''}.npz`,
): Promise<Report> {
  const samples = { kind: 'file', path: inReferences(data), inputs: {}, labels: null } as const;
  const asked = { ...requestDefaults, model: inReferences(file), samples, method: 'exact' } as const;
  return analyse({ ...asked, dtype: 'float64', threads: 1, ...choice }, () => undefined);
}

export function expectClose(found: number | undefined, wanted: number | undefined, tolerance: number): void {
  const exact = wanted ?? NaN;
  expect(Math.abs((found ?? NaN) - exact)).toBeLessThanOrEqual(tolerance * Math.abs(exact));
}

/** Whether a tensor is of a layer: in_proj_weight belongs to in_proj, weight_ih_l0 to its module, weight_ih_l1 to its second layer. */
export function belongs(name: string, tensor: string): boolean {
  const [, layer = '', place = '1'] = /^(.*?)(?: \((\d+)\))?$/.exec(name) ?? [];
  const level = /_l(\d+)/.exec(tensor)?.[1] ?? Number(place) - 1;
  if (Number(level) !== Number(place) - 1) return false;
  return new RegExp(`^${layer.replaceAll('.', '\\.')}([._](weight|bias)|$)`).test(tensor);
}

/** Holds a report against a reference, to 1e-12, and what eigenvalues and sums by layers lose to rounding to 1e-10. */
export function expectNumbers(report: Report, wanted: Numbers, isOf = belongs, tolerance = 1e-12): void {
  expect(report.model.parameters).toBe(wanted.count);
  expectClose(report.samples.meanLoss, wanted.loss, tolerance);
  expectClose(report.gradientNorm, wanted.grad_norm, tolerance);
  expectClose(report.trace.value, wanted.trace, tolerance);
  expectClose(report.frobeniusSquared.value, wanted.fro2, tolerance);
  if (wanted.ws_upper !== undefined)
    expectClose(report.bounds.lambdaMax.upper.value, wanted.ws_upper, 10 * tolerance);
  expectClose(report.sharpness?.lambdaMax.upper, wanted.lambda_max, 100 * tolerance);
  const ofLayers = report.layers.reduce((sum, layer) => sum + layer.trace.value, 0);
  expectClose(ofLayers, wanted.trace, 100 * tolerance);
  for (const layer of report.layers) {
    const own = wanted.blocks.filter(({ name }) => isOf(layer.name, name));
    const trace = own.reduce((sum, block) => sum + block.trace, 0);
    expectClose(layer.trace.value, trace, 100 * tolerance);
  }
}
