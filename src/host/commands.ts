import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { modelExtensions } from '../formats/detection';
import { byteSize } from '../report/wording/byteSize';
import { pythonLinesFrom } from '../report/wording/pythonLines';
import type { WorkerCalls } from '../worker/client';
import type { Method } from '../worker/protocol';
import { analyseAllWithProgress } from './analyseAll';
import type { AnalysisPanels } from './analysisPanels';
import type { DetectedModel, DetectedModels } from './detectedModels';
import { commands } from './identifiers';
import type { KeptReports } from './keptReports';
import type { ModelsView } from './modelsView';
import { requestSettings } from './settings';

interface CommandParts {
  readonly panels: AnalysisPanels;
  readonly models: DetectedModels;
  readonly view: ModelsView;
  readonly worker: WorkerCalls<Method>;
  readonly kept: KeptReports;
  readonly log: vscode.LogOutputChannel;
  /** The extension's folder. */
  readonly extensionPath: string;
}

/** Of the folder with model_sharpness.py in it. */
async function copyPythonLines(extensionPath: string): Promise<void> {
  await vscode.env.clipboard.writeText(pythonLinesFrom(join(extensionPath, 'media', 'python')));
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      'Two lines are on the clipboard: put them at the end of the training script, run it, and right-click the model.onnx that it writes.',
    ),
  );
}

export function registerCommands(parts: CommandParts): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand(commands.analyze, (target?: unknown, selection?: unknown) =>
      analyse(parts, target, selection),
    ),
    vscode.commands.registerCommand(commands.analyzePick, () => analyse(parts, undefined, undefined)),
    vscode.commands.registerCommand(commands.analyzeAll, (folder?: unknown) => analyseEach(parts, folder)),
    vscode.commands.registerCommand(commands.reveal, (target: unknown) => {
      for (const file of targetsOf(target, undefined)) parts.panels.reveal(file.fsPath);
    }),
    vscode.commands.registerCommand(commands.sortModels, () => parts.view.sort()),
    vscode.commands.registerCommand(commands.cancel, () => cancel(parts.panels)),
    vscode.commands.registerCommand(commands.refreshModels, () => {
      parts.models.refresh();
    }),
    vscode.commands.registerCommand(commands.showLog, () => {
      parts.log.show();
    }),
    vscode.commands.registerCommand(commands.clearKept, () => clearKept(parts)),
    vscode.commands.registerCommand(commands.copyPythonLines, () => copyPythonLines(parts.extensionPath)),
  );
}

/** Every model that can be analysed, or those of a folder of the view. */
async function analyseEach(
  { models, panels, worker, kept, log }: CommandParts,
  within: unknown,
): Promise<void> {
  const folder = typeof within === 'object' && within !== null && 'folder' in within ? within.folder : null;
  const found = (await models.list()).filter(
    ({ detection, path, uri }) =>
      detection.analysable &&
      !panels.running.some(({ file }) => file === uri.fsPath) &&
      (typeof folder !== 'string' || path.startsWith(`${folder}/`)),
  );
  if (found.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no model here that can be analysed.'));
    return;
  }
  const files = found.map(({ uri }) => uri.fsPath);
  await analyseAllWithProgress(files, {
    worker,
    kept,
    log,
    settings: requestSettings,
    isTrusted: () => vscode.workspace.isTrusted,
  });
}

async function clearKept({ kept }: CommandParts): Promise<void> {
  await kept.clear();
  void vscode.window.showInformationMessage(
    vscode.l10n.t('The kept reports of this workspace were deleted. What is open stays until it is closed.'),
  );
}

/**
 * The explorer passes the file and the whole selection, the models view its entry, a caller of the command what it
 * likes; the palette passes nothing.
 */
async function analyse({ panels, models }: CommandParts, target: unknown, selection: unknown): Promise<void> {
  const files = targetsOf(target, selection);
  if (files.length === 0) {
    const picked = await pickModel(models);
    if (picked !== null) panels.analyse(picked.fsPath);
    return;
  }
  for (const file of files) {
    if (file.scheme === 'file') panels.analyse(file.fsPath);
    else
      void vscode.window.showErrorMessage(
        vscode.l10n.t(
          '{0} lies on "{1}" and only files on disk can be analysed; save it to a folder and analyse it there.',
          basename(file.path),
          file.scheme,
        ),
      );
  }
}

function targetsOf(target: unknown, selection: unknown): readonly vscode.Uri[] {
  const chosen = Array.isArray(selection) && selection.length > 0 ? (selection as unknown[]) : [target];
  return chosen.flatMap((one) => {
    if (one instanceof vscode.Uri) return [one];
    return isModel(one) ? [one.uri] : [];
  });
}

function isModel(value: unknown): value is DetectedModel {
  return typeof value === 'object' && value !== null && 'uri' in value && value.uri instanceof vscode.Uri;
}

async function pickModel(models: DetectedModels): Promise<vscode.Uri | null> {
  const found = (await models.list()).filter(({ detection }) => detection.analysable);
  const browse = { label: vscode.l10n.t('$(folder-opened) Browse…'), alwaysShow: true, uri: null };
  const picked = await vscode.window.showQuickPick(
    [
      ...found.map(({ uri, path, detection }) => ({
        label: basename(uri.path),
        description: `${detection.title} · ${byteSize(detection.size)}`,
        detail: path,
        uri,
      })),
      browse,
    ],
    {
      placeHolder:
        found.length === 0
          ? vscode.l10n.t('No model that can be analysed was found in this workspace')
          : vscode.l10n.t('The model to analyse'),
      matchOnDetail: true,
    },
  );
  if (picked === undefined) return null;
  return picked.uri ?? browseForModel();
}

async function browseForModel(): Promise<vscode.Uri | null> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: false,
    filters: {
      [vscode.l10n.t('Models')]: [...modelExtensions],
      [vscode.l10n.t('All files')]: ['*'],
    },
    title: vscode.l10n.t('The model to analyse'),
    openLabel: vscode.l10n.t('Analyze sharpness'),
  });
  return chosen?.[0] ?? null;
}

async function cancel(panels: AnalysisPanels): Promise<void> {
  const files = panels.running.map(({ file }) => file);
  const [only, ...others] = files;
  if (only === undefined) return;
  if (others.length === 0) {
    panels.cancel(only);
    return;
  }
  const picked = await vscode.window.showQuickPick(
    files.map((file) => ({ label: basename(file), detail: file })),
    { placeHolder: vscode.l10n.t('The analysis to cancel') },
  );
  if (picked !== undefined) panels.cancel(picked.detail);
}
