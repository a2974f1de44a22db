import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { inspectModel } from '../../../src/analysis/inspect';
import { requestDefaults } from '../../../src/report/request';
import { FailureError } from '../../../src/report/failure';

const references = fileURLToPath(new URL('../../references/', import.meta.url));
const files = ['parameters', 'products', 'recurrent', 'rows'].flatMap((folder) =>
  readdirSync(references + folder).flatMap((name) => (name.endsWith('.onnx') ? [`${folder}/${name}`] : [])),
);

describe('what the panel says before anything is computed', () => {
  it.each(['a.onnx', 'csmall.onnx', ...files])('of %s is what the report says', async (file) => {
    const model = references + file;
    const { facts } = await inspectModel(model);
    const samples = { kind: 'random', count: 2 } as const;
    // The facts stand in what is told as soon as the graph is differentiated.
    let output: string | undefined;
    let parameters: number | undefined;
    const stop = new FailureError('Interrupted', 'Enough is known.');
    const request = { ...requestDefaults, model, samples, threads: 1, method: 'estimate' } as const;
    await analyse(request, ({ report }) => {
      if (report.model === undefined) return;
      ({ output, parameters } = report.model);
      throw stop;
    }).catch((error: unknown) => {
      if (error !== stop) throw error;
    });
    expect(facts.model).toMatchObject({ output, parameters });
    expect(parameters).toBeGreaterThan(0);
  });
});
