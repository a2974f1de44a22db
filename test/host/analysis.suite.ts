import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import {
  analyze,
  clearKept,
  closePanels,
  panelTabs,
  shown,
  until,
  workspaceFile,
} from './extensionUnderTest';
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

afterEach(async () => {
  await closePanels();
  await clearKept();
});

describe('an analysis', () => {
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

  it('a second time reveals the panel, and a panel that was closed has its report again, none of them computed', async () => {
    await analyze(model);
    const first = await shown(model, 'done');
    await analyze(model);
    strictEqual((await shown(model, 'done')).report, first.report);
    strictEqual(panelTabs().length, 1);
    await closePanels();
    await analyze(model);
    const again = await shown(model, 'done');
    strictEqual(again.finished, first.finished);
    deepStrictEqual(again.report, first.report);
  });

  it('is there again when its model is opened as a file, in the place of its panel', async () => {
    await analyze(model);
    const first = await shown(model, 'done');
    await vscode.commands.executeCommand('vscode.openWith', model, 'modelSharpness.model');
    await until(() => (panelTabs().length === 0 ? true : undefined));
    strictEqual((await shown(model, 'done')).report, first.report);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('vscode.openWith', model, 'modelSharpness.model');
    strictEqual((await shown(model, 'done')).finished, first.finished);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('is not begun by opening a model as a file: its first page says what it holds', async () => {
    const file = vscode.Uri.joinPath(small, 'looked-at.onnx');
    await copyFile(workspaceFile('digits-early.onnx').fsPath, file.fsPath);
    await vscode.commands.executeCommand('vscode.openWith', file, 'modelSharpness.model');
    const { inspection } = await shown(file, 'overview');
    ok(inspection.tensors.some(({ layer }) => layer !== null));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
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
      await clearKept();
    }
    console.log(`The longest turns were ${longest.map((turn) => turn.toFixed(1)).join(', ')} ms.`);
    ok(Math.min(...longest) < longestBlockMilliseconds);
  });
});

describe('the worker', () => {
  const second = vscode.Uri.joinPath(small, 'second.onnx');

  before(async () => {
    await copyFile(workspaceFile('digits-early.onnx').fsPath, second.fsPath);
    // Its run begins without a look at the model, and takes seconds.
    const samples = '{"samples":"../digits.npz"}';
    await writeFile(vscode.Uri.joinPath(small, 'second.sharpness.json').fsPath, samples);
  });

  /** Starts an analysis and stops its worker, so that it stays where it is until the test says what happens. */
  async function stoppedInTheMiddle(): Promise<number> {
    await analyze(second);
    // What the panel shows first is its own: the worker has the call once it tells of a stage.
    await shown(second, 'running', ({ progress }) => progress.stage !== 'Starting');
    const worker = await until(async () => {
      const [only, ...dying] = await workersBelow(process.pid);
      return dying.length === 0 ? only : undefined;
    });
    process.kill(worker, 'SIGSTOP');
    const { progress } = await shown(second, 'running');
    strictEqual(progress.report.sharpness, undefined);
    return worker;
  }

  async function gone(worker: number): Promise<void> {
    await until(async () => ((await workersBelow(process.pid)).includes(worker) ? undefined : true));
  }

  it('that is killed is told of in plain words, and the next analysis works', async () => {
    const worker = await stoppedInTheMiddle();
    process.kill(worker, 'SIGKILL');
    const { failure } = await shown(second, 'failed');
    strictEqual(failure.kind, 'WorkerDied');
    match(failure.message, /memory/);
    await analyze(second);
    await shown(second, 'done');
  });

  it('is killed by the command that cancels', async () => {
    const worker = await stoppedInTheMiddle();
    await vscode.commands.executeCommand('model-sharpness.cancel');
    await shown(second, 'cancelled');
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
