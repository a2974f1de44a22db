import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import fc from 'fast-check';
import { FailureError, type Failure } from '../../../src/report/failure';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { SeededRandom } from '../../../src/samples/random';
import { WorkerClient } from '../../../src/worker/client';
import { campaign, type Budget, type Outcome } from '../campaign';
import { mutateBytes, mutateText } from './byteMutations';
import { mutateModel } from './modelMutations';
import { seedFiles, type SeedFiles } from './seedFiles';

/** What is changed in which files. */
interface BytesPlan {
  readonly files: number;
  readonly target: 'model' | 'data' | 'sidecar';
  readonly method: AnalysisRequest['method'];
  readonly changes: readonly number[];
}

/** One line that ends with a full stop, without what a terminal would obey. */
const plainSentence = /^\P{Cc}+\.$/u;

/** No analysis of so small files takes as long: that is a hang. */
const mostMilliseconds = 60_000;

const plans = (count: number): fc.Arbitrary<BytesPlan> =>
  fc.record({
    files: fc.noShrink(fc.nat(count - 1)),
    target: fc.noShrink(fc.constantFrom('model', 'model', 'model', 'data', 'sidecar')),
    method: fc.constantFrom('auto', 'exact', 'estimate'),
    changes: fc.array(fc.noShrink(fc.nat()), { minLength: 1, maxLength: 6 }),
  });

/** Changed files through the worker's client, as the extension analyses them. */
export async function fuzzBytes(root: string, budget: Budget): Promise<Outcome> {
  const seeds = seedFiles(root);
  const folder = await mkdtemp(join(tmpdir(), 'model-sharpness-fuzz-'));
  const client = new WorkerClient({
    script: join(root, 'test-results', 'fuzz', 'bytesWorker.cjs'),
    log: () => undefined,
  });
  const tally = new Map<string, number>();
  const kept = join(root, 'test-results', 'fuzz', 'kept');
  try {
    return await campaign(
      'bytes',
      plans(seeds.length),
      (plan) => checkFiles(client, folder, kept, changed(seeds, plan), plan, tally),
      (plan) => {
        const { name } = changed(seeds, plan);
        return `  ${plan.target} of "${name}", ${plan.method}, changes ${plan.changes.join(', ')}; the files lie below ${kept}`;
      },
      budget,
    );
  } finally {
    client.dispose();
    await rm(folder, { recursive: true, force: true });
    const sorted = [...tally].sort(([, a], [, b]) => b - a);
    console.log(`bytes: ${sorted.map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  }
}

function changed(seeds: readonly SeedFiles[], { files, target, changes }: BytesPlan): SeedFiles {
  const seed = seeds[files % seeds.length];
  if (seed === undefined) throw new RangeError('No files to change');
  return changes.reduce<SeedFiles>((current, change) => changeOnce(current, target, change), seed);
}

function changeOnce(files: SeedFiles, target: BytesPlan['target'], seed: number): SeedFiles {
  const random = SeededRandom.fromSeed(seed);
  if (target === 'sidecar' && files.sidecar !== null)
    return { ...files, sidecar: Buffer.from(mutateText(Buffer.from(files.sidecar), random)).toString() };
  if (target === 'data' && files.data !== null) {
    const { name, bytes } = files.data;
    return { ...files, data: { name, bytes: changeData(bytes, random) } };
  }
  const model = random.below(4) === 0 ? null : mutateModel(files.model, random);
  return { ...files, model: model ?? changeData(files.model, random) };
}

/** What an archive holds is changed inside it, so that its checksums hold. */
function changeData(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const inside = random.below(3) > 0 ? changeInside(bytes, random) : null;
  if (inside !== null) return inside;
  return random.below(2) === 0 ? mutateText(bytes, random) : mutateBytes(bytes, random);
}

/** One file of an archive changed, mostly one of the small ones, which say what the others are; null: it is none. */
function changeInside(bytes: Uint8Array, random: SeededRandom): Uint8Array | null {
  if (Buffer.from(bytes.subarray(0, 2)).toString('latin1') !== 'PK') return null;
  try {
    const files = unzipSync(bytes);
    const names = Object.keys(files).sort((a, b) => (files[a]?.length ?? 0) - (files[b]?.length ?? 0));
    const among = random.below(2) === 0 ? names.length : Math.ceil(names.length / 2);
    const name = names[random.below(Math.max(1, among))] ?? '';
    const inner = files[name];
    if (inner === undefined) return null;
    const other = random.below(2) === 0 ? mutateText(inner, random) : mutateBytes(inner, random);
    return zipSync({ ...files, [name]: other }, { level: random.below(3) > 0 ? 0 : 6 });
  } catch {
    // No archive any more.
    return null;
  }
}

async function checkFiles(
  client: WorkerClient,
  folder: string,
  kept: string,
  { model, data, sidecar }: SeedFiles,
  { method }: BytesPlan,
  tally: Map<string, number>,
): Promise<void> {
  const own = await mkdtemp(join(folder, 'case-'));
  try {
    await writeAll(own, model, data, sidecar);
    const file = join(own, 'model.onnx');
    const request: AnalysisRequest = {
      ...requestDefaults,
      model: file,
      samples:
        data === null
          ? { kind: 'random', count: 5 }
          : { kind: 'file', path: join(own, data.name.split('/')[0] ?? ''), inputs: {}, labels: null },
      method,
      limit: 5,
      memoryBudget: 2 ** 28,
      threads: 1,
      timeLimit: 5,
    };
    const outcomes = [
      await outcomeOf((options) => client.analyse(request, options)),
      await outcomeOf((options) => client.inspect({ file, said: {} }, options)),
    ];
    for (const outcome of outcomes) {
      const kind = outcome?.kind ?? 'value';
      tally.set(kind, (tally.get(kind) ?? 0) + 1);
      if (outcome === null || isPlain(outcome)) continue;
      // Where a failure turns into another while it is shrunk, each leaves its files.
      const place = join(kept, kind);
      await mkdir(place, { recursive: true });
      await writeAll(place, model, data, sidecar);
      if (kind === 'Interrupted') console.log(`bytes: ${outcome.message} (${place})`);
      throw new FailureError(outcome.kind, outcome.message, outcome.detail);
    }
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function writeAll(
  folder: string,
  model: Uint8Array,
  data: SeedFiles['data'],
  sidecar: string | null,
): Promise<void> {
  await writeFile(join(folder, 'model.onnx'), model);
  if (data !== null) {
    await mkdir(dirname(join(folder, data.name)), { recursive: true });
    await writeFile(join(folder, data.name), data.bytes);
  }
  if (sidecar !== null) await writeFile(join(folder, 'model.sharpness.json'), sidecar);
}

/** The failure, or null where there is a value. */
async function outcomeOf(
  call: (options: { owner: string; signal: AbortSignal }) => Promise<unknown>,
): Promise<Failure | null> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort();
  }, mostMilliseconds);
  try {
    await call({ owner: 'fuzz', signal: limit.signal });
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Something a person can do something about, said in one sentence. A call is interrupted where it hangs, and only then. */
function isPlain({ kind, message }: Failure): boolean {
  return !['InternalError', 'Interrupted', 'WorkerDied'].includes(kind) && plainSentence.test(message);
}
