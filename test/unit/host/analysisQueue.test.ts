import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { analyseAll } from '../../../src/host/analysisQueue';
import { KeptReports } from '../../../src/host/keptReports';
import { FailureError } from '../../../src/report/failure';
import type { AnalysisRequest } from '../../../src/report/request';
import type { WorkerCalls } from '../../../src/worker/client';
import type { Method } from '../../../src/worker/protocol';
import { exampleReport } from '../report/exampleReport';

let folder: string;
let analysed: string[];
const worker: WorkerCalls<Method> = {
  analyse: async ({ model }: AnalysisRequest) => {
    analysed.push(model);
    if (model.includes('bad')) throw new FailureError('NotAModel', 'no');
    return exampleReport;
  },
  evaluate: () => Promise.reject(new Error('nothing is only run')),
  inspect: async () => ({ facts: {}, candidates: [], openInputs: [], outputs: [], tensors: [] }),
  tryLayers: async () => [],
  detail: () => Promise.reject(new Error('nobody looks into it')),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-queue-'));
  analysed = [];
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function models(...names: readonly string[]): Promise<readonly string[]> {
  for (const name of names) {
    await writeFile(join(folder, `${name}.onnx`), name);
    if (!name.startsWith('open'))
      await writeFile(join(folder, `${name}.sharpness.json`), '{"samples":"x.npz"}');
  }
  return names.map((name) => join(folder, `${name}.onnx`));
}

function queue(
  files: readonly string[],
  onProgress: (file: string) => void = () => {},
  isCancelled: () => boolean = () => false,
): ReturnType<typeof analyseAll> {
  const parts = {
    worker,
    kept: new KeptReports(join(folder, 'kept')),
    settings: () => ({ threads: null, memoryBudget: null }),
    isTrusted: () => true,
    log: { info: () => {}, warn: () => {} },
  };
  return analyseAll(files, parts, onProgress, { isCancelled, onCancel: () => {} });
}

it('models are analysed one after the other, each told of, and what is kept is not computed again', async () => {
  const files = await models('a', 'bad', 'open', 'b');
  const phases = async (): Promise<string[]> => (await queue(files)).map(({ phase }) => phase);
  expect(await phases()).toEqual(['done', 'failed', 'choosing-samples', 'done']);
  expect(analysed).toEqual([files[0], files[1], files[3]]);
  expect(await phases()).toEqual(['done', 'failed', 'choosing-samples', 'done']);
  expect(analysed.slice(3)).toEqual([files[1]]);
});

it('the queue ends where it is cancelled', async () => {
  const files = await models('a', 'b');
  let seen = '';
  const outcomes = await queue(
    files,
    (file) => {
      seen = file;
    },
    () => seen !== '',
  );
  expect(outcomes).toHaveLength(1);
  expect(analysed).toEqual([files[0]]);
});
