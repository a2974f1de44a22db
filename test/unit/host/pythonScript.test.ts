import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { exportedModel, exportScript, makersIn, runScript } from '../../../src/host/pythonScript';
import { noOptions, requestDefaults, requestOf } from '../../../src/report/request';
import { readSidecar, withSidecar } from '../../../src/samples/sidecar';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';

const folder = temporaryFolder();
const pythonFolder = fileURLToPath(new URL('../../../media/python', import.meta.url));
const reference = (name: string): string =>
  fileURLToPath(new URL(`../../references/formats/${name}`, import.meta.url));

/** A Python that has PyTorch, or null. */
const python =
  ['/usr/bin/python3', 'python3'].find(
    (each) => spawnSync(each, ['-c', 'import torch, numpy'], { timeout: 120_000 }).status === 0,
  ) ?? null;
if (python === null) console.warn('Skipped: no python3 with PyTorch, which weights are loaded with.');

describe('what may make a model', () => {
  it('is a class of modules or a function at the top of a file, which is read and not run', () => {
    const text = `
import os; os.abort()
class Block(nn.Module):
    class Inner(nn.Module): pass
    def forward(self, x): return x
class Net(
    Block,
): pass
class Data(Dataset): pass
class Lit(pl.LightningModule): pass
def build(width: int = 16,
          depth=2): return Net()
def _private(): pass
async def no(): pass
"""
class InText: pass
"""
`;
    expect(makersIn(text)).toEqual([
      { name: 'Block', kind: 'class', written: 'nn.Module' },
      { name: 'Net', kind: 'class', written: 'Block,' },
      { name: 'Lit', kind: 'class', written: 'pl.LightningModule' },
      { name: 'build', kind: 'function', written: 'width: int = 16, depth=2' },
    ]);
    expect(makersIn('')).toEqual([]);
    expect(makersIn(`class A(${'('.repeat(100_000)}`)).toEqual([]);
  });
});

describe('the script', () => {
  it('says what it does, and names files with quotes and backslashes as they are', () => {
    const script = exportScript({
      source: '/a "b"/net.py',
      maker: { name: 'Net', kind: 'class', written: 'nn.Module' },
      weights: '/w\\x/net.pth',
      samples: null,
      pythonFolder,
    });
    expect(script).toMatch(/^# Running this imports net\.py: what stands in it .* runs/);
    expect(script).toContain('"/a \\"b\\""');
    expect(script).toContain('load_weights(model, "/w\\\\x/net.pth")');
    expect(script).toContain('load_samples("FILE.npz")');
  });

  it('that fails tells the last line of Python, and one that cannot start its name', async () => {
    const told: string[] = [];
    const run = (program: string, script: string): Promise<void> =>
      runScript(program, script, '/', (text) => told.push(text));
    const failing = await failureFrom(() => run('python3', 'print("begun")\nraise ValueError("no width")\n'));
    expect(failing.message).toBe(
      'The script did not run to its end (ValueError: no width); change it and run it again.',
    );
    const silent = await failureFrom(() => run('python3', 'import os\nos._exit(3)\n'));
    expect(silent.message).toContain('it wrote nothing, exit code 3');
    expect(told.join('')).toContain('begun');
    const absent = await failureFrom(() => run('/nowhere/python', ''));
    expect(absent.message).toContain('/nowhere/python');
    const stop = new AbortController();
    const stopped = runScript('python3', 'import time; time.sleep(60)', '/', () => undefined, stop.signal);
    stop.abort();
    await expect(stopped).rejects.toThrow('did not run to its end');
  });

  it.skipIf(python === null)(
    'makes the model by its class, loads the weights and exports it, with PyTorch’s own curvature',
    async () => {
      const path = join(await folder.write('here', ''), '..', 'run');
      await mkdir(path);
      const weights = join(path, 'mlp.pt');
      const samples = join(path, 'mlp.npz');
      await copyFile(reference('mlp_tanh.state.pt'), weights);
      await copyFile(reference('mlp_tanh.npz'), samples);
      const source = join(path, 'net.py');
      await copyFile(reference('mlp_tanh.py'), source);
      const text = await readFile(source, 'utf8');
      const [maker] = makersIn(text);
      const script = exportScript({ source, maker: maker!, weights, samples, pythonFolder });
      const told: string[] = [];
      await runScript(python ?? '', script, path, (line) => told.push(line));
      expect(told.join('')).toContain('mlp-exported.onnx');
      const model = exportedModel(weights);
      const options = withSidecar(noOptions, await readSidecar(model));
      const report = await analyse(
        { ...requestDefaults, ...requestOf(options), model, threads: 1 },
        () => undefined,
      );
      const truth = JSON.parse(await readFile(reference('mlp_tanh.ref.json'), 'utf8')) as {
        readonly trace: number;
        readonly loss: number;
        readonly count: number;
      };
      expect(report.model.parameters).toBe(truth.count);
      expect(report.samples.meanLoss / truth.loss).toBeCloseTo(1, 8);
      expect(report.trace.value / truth.trace).toBeCloseTo(1, 8);
    },
    240_000,
  );
});
