import { match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { analyze, closePanels, panelTabs, shown, until, workspaceFile } from './extensionUnderTest';
import { LoopBlocks } from './loopBlocks';
import { writeSmallModel } from './smallModel';
import { writeTrainingExport } from './trainingExport';
import { workersBelow } from './workers';

/** The longest that the editor may be kept from everything else. */
const longestBlockMilliseconds = 50;

const digits = workspaceFile('digits.onnx');
const small = workspaceFile('small');
const model = vscode.Uri.joinPath(small, 'model.onnx');

before(async () => {
  await writeSmallModel(workspaceFile('.').fsPath, small.fsPath, 'model.onnx');
});

after(async () => {
  await rm(small.fsPath, { recursive: true });
});

describe('an analysis', () => {
  afterEach(closePanels);

  it('has its command under exactly its name', async () => {
    ok((await vscode.commands.getCommands(true)).includes('model-sharpness.analyze'));
    const manifest = (await vscode.extensions.getExtension('model-sharpness.model-sharpness')
      ?.packageJSON) as {
      contributes: { commands: { command: string; title: string; category?: string }[] };
    };
    const command = manifest.contributes.commands.find((one) => one.command === 'model-sharpness.analyze');
    strictEqual(command?.title, 'Analyze sharpness');
    strictEqual(command.category, undefined);
  });

  it('opens a panel and shows the report with the only samples that fit', async () => {
    await analyze(digits);
    const { report, changed } = await shown(digits, 'done');
    strictEqual(changed.length, 0);
    match(report.samples.source, /digits\.npz/);
    ok(report.bounds.lambdaMax.upper.value > 0);
    strictEqual(panelTabs().length, 1);
    strictEqual(panelTabs()[0]?.label, 'Sharpness of digits.onnx');
  });

  it('a second time reuses the panel and gives the same numbers', async () => {
    await analyze(model);
    const first = await shown(model, 'done');
    await analyze(model);
    const second = await until(async () => {
      const state = await shown(model, 'done');
      return state.report === first.report ? undefined : state;
    });
    strictEqual(panelTabs().length, 1);
    const withoutTime = (report: typeof first.report): string => JSON.stringify({ ...report, time: null });
    strictEqual(withoutTime(second.report), withoutTime(first.report));
  });

  it('of two models opens two panels', async () => {
    const other = vscode.Uri.joinPath(small, 'other.onnx');
    await copyFile(workspaceFile('digits-early.onnx').fsPath, other.fsPath);
    await analyze(model);
    await analyze(other);
    await shown(model, 'done');
    await shown(other, 'done');
    strictEqual(panelTabs().length, 2);
  });

  it('of what is no model says so in one sentence', async () => {
    const file = workspaceFile('note.onnx');
    await writeFile(file.fsPath, 'Remember the milk.');
    await analyze(file);
    const { failure } = await shown(file, 'failed');
    await rm(file.fsPath);
    strictEqual(failure.kind, 'NotAModel');
    match(failure.message, /note\.onnx/);
  });

  it('of an export in training mode is refused by a kind of its own, which the panel has a way out of', async () => {
    const file = vscode.Uri.joinPath(small, 'training-export.onnx');
    await writeTrainingExport(small.fsPath, 'training-export.onnx');
    await analyze(file);
    const { failure } = await shown(file, 'failed');
    await rm(file.fsPath);
    strictEqual(failure.kind, 'TrainingMode');
    match(failure.message, /"bn" \(BatchNormalization\)/);
  });

  it('of a file that is not there says so', async () => {
    const file = workspaceFile('absent.onnx');
    await analyze(file);
    strictEqual((await shown(file, 'failed')).failure.kind, 'FileNotFound');
  });

  it('whose model changes is marked as old until it runs again', async () => {
    const copy = vscode.Uri.joinPath(small, 'training.onnx');
    await copyFile(model.fsPath, copy.fsPath);
    await analyze(copy);
    const before = await shown(copy, 'done');
    await copyFile(workspaceFile('digits-early.onnx').fsPath, copy.fsPath);
    await until(async () => ((await shown(copy, 'done')).changed.length > 0 ? true : undefined));
    await analyze(copy);
    const after = await until(async () => {
      const state = await shown(copy, 'done');
      return state.changed.length > 0 ? undefined : state;
    });
    await rm(copy.fsPath);
    notStrictEqual(after.report.model.sha256, before.report.model.sha256);
  });

  it('never keeps the extension host from its other work', async () => {
    // Other extensions share this event loop: only what happens every time is ours.
    const longest: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const blocks = new LoopBlocks();
      await analyze(digits);
      await shown(digits, 'done');
      blocks.stop();
      longest.push(blocks.longest);
      await closePanels();
    }
    console.log(`The longest turns were ${longest.map((turn) => turn.toFixed(1)).join(', ')} ms.`);
    ok(Math.min(...longest) < longestBlockMilliseconds);
  });
});

describe('the worker', () => {
  afterEach(closePanels);

  /** Starts an analysis on a worker that is stopped, so that it stays where it is until the test says what happens. */
  async function stoppedInTheMiddle(): Promise<number> {
    await analyze(model);
    await shown(model, 'done');
    const [worker] = await workersBelow(process.pid);
    if (worker === undefined) throw new Error('The worker is gone within its idle time.');
    process.kill(worker, 'SIGSTOP');
    await analyze(model);
    const { progress } = await shown(model, 'running');
    strictEqual(progress.report.bounds, undefined, 'no number of the last run is shown');
    return worker;
  }

  async function gone(worker: number): Promise<void> {
    await until(async () => ((await workersBelow(process.pid)).includes(worker) ? undefined : true));
  }

  it('that is killed is told of in plain words, and the next analysis works', async () => {
    const worker = await stoppedInTheMiddle();
    process.kill(worker, 'SIGKILL');
    const { failure } = await shown(model, 'failed');
    strictEqual(failure.kind, 'WorkerDied');
    match(failure.message, /memory/);
    await analyze(model);
    await shown(model, 'done');
  });

  it('is killed by the command that cancels', async () => {
    const worker = await stoppedInTheMiddle();
    await vscode.commands.executeCommand('model-sharpness.cancel');
    await shown(model, 'cancelled');
    await gone(worker);
  });

  it('is killed when the panel is closed during a run', async () => {
    const worker = await stoppedInTheMiddle();
    await closePanels();
    await gone(worker);
  });

  it('goes by itself when nobody uses it', async () => {
    await analyze(model);
    await shown(model, 'done');
    await until(async () => ((await workersBelow(process.pid)).length === 0 ? true : undefined));
  });
});
