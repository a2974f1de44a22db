import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { ModelSharpness } from '../../src/extension';
import type { PanelState } from '../../src/report/panelMessages';

const id = 'model-sharpness.model-sharpness';
const panelViewType = 'modelSharpness.panel';

export async function activated(): Promise<ModelSharpness> {
  const extension = vscode.extensions.getExtension<ModelSharpness>(id);
  if (extension === undefined) throw new Error(`VS Code did not load ${id}.`);
  return extension.activate();
}

/** A file of the workspace, which is a copy of examples/. */
export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('The tests run in a workspace with a folder.');
  return vscode.Uri.joinPath(folder.uri, name);
}

export async function analyze(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('model-sharpness.analyze', uri, [uri]);
}

/** Waits; the test's own limit ends it. */
export async function until<T>(condition: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Phase = PanelState['phase'];

/** The state of a model's panel, once it is in the phase. A failure on the way there ends the wait with its sentence. */
export async function shown<P extends Phase>(
  uri: vscode.Uri,
  phase: P,
): Promise<Extract<PanelState, { phase: P }>> {
  const { states } = await activated();
  return until(() => {
    const state = states().find(({ file }) => file === uri.fsPath);
    if (state?.phase === 'failed' && phase !== 'failed') throw new Error(state.failure.message);
    return state?.phase === phase ? (state as Extract<PanelState, { phase: P }>) : undefined;
  });
}

export function panelTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(panelViewType));
}

export async function closePanels(): Promise<void> {
  await vscode.window.tabGroups.close([...panelTabs()]);
  const { states } = await activated();
  await until(() => (states().length === 0 ? true : undefined));
}

/** The process ids of the extension's workers: children of this extension host that run dist/worker.js. */
export async function workerProcesses(): Promise<readonly number[]> {
  const lines = process.platform === 'linux' ? await linuxProcesses() : await posixProcesses();
  return lines
    .filter(({ parent, command }) => parent === process.pid && command.includes(join('dist', 'worker.js')))
    .map(({ pid }) => pid);
}

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Not by `ps`, which a small Linux may lack. */
async function linuxProcesses(): Promise<readonly ProcessLine[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid): Promise<ProcessLine[]> => {
      try {
        const status = await readFile(join('/proc', pid, 'status'), 'utf8');
        const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8');
        return [{ pid: Number(pid), parent: Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]), command }];
      } catch {
        return []; // ended meanwhile
      }
    }),
  );
  return lines.flat();
}

async function posixProcesses(): Promise<readonly ProcessLine[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, command]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command: command ?? '',
  }));
}
