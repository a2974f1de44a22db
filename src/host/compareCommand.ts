import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PanelParts } from './analysisPanel';
import type { ComparisonMemory } from './comparisonMemory';
import { ComparisonPanel } from './comparisonPanel';
import type { DetectedModels } from './detectedModels';
import { commands, comparisonViewType } from './identifiers';
import { readSavedComparison } from './panelMessage';

type Parts = Pick<PanelParts, 'extensionUri' | 'worker' | 'kept' | 'settings' | 'log'> & {
  readonly models: DetectedModels;
  readonly memory: ComparisonMemory;
};

/** "Compare sharpness": of the files or the folder that are selected, else of models that are picked; or of before a reload. */
export function registerCompareCommand(parts: Parts): vscode.Disposable {
  /** By what they compare: at most one of the same. */
  const open = new Map<string, ComparisonPanel>();
  const show = (
    files: readonly string[],
    folder: string | null,
    restored: vscode.WebviewPanel | null,
  ): void => {
    const key = [...files].sort().join('\n');
    const shown = open.get(key);
    if (shown === undefined) {
      const close = (): boolean => open.delete(key);
      open.set(key, new ComparisonPanel(files, folder, parts, close, restored));
    } else {
      restored?.dispose();
      shown.reveal();
    }
  };
  const serializer = vscode.window.registerWebviewPanelSerializer(comparisonViewType, {
    deserializeWebviewPanel: (panel, saved: unknown) => {
      const read = readSavedComparison(saved);
      if (read === null) panel.dispose();
      else show(read.files, read.folder, panel);
      return Promise.resolve();
    },
  });
  const command = vscode.commands.registerCommand(
    commands.compare,
    async (target?: unknown, selection?: unknown) => {
      const selected = filesOf(selection);
      const files = selected.length > 0 ? selected : filesOf([target]);
      const chosen = files.length > 0 ? files : await pickModels(parts.models);
      if (chosen === null) return;
      const folders = await Promise.all(chosen.map(isFolder));
      const [only] = chosen;
      const folder = chosen.length === 1 && folders[0] === true ? (only ?? null) : null;
      if (chosen.length < 2 && folder === null) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t('Select several models, or a folder of checkpoints, to compare them.'),
        );
        return;
      }
      show(chosen, folder, null);
    },
  );
  return vscode.Disposable.from(command, serializer, {
    dispose: () => {
      for (const panel of open.values()) panel.dispose();
    },
  });
}

function filesOf(selection: unknown): string[] {
  if (!Array.isArray(selection)) return [];
  return selection.flatMap((one: unknown) =>
    one instanceof vscode.Uri && one.scheme === 'file' ? [one.fsPath] : [],
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

async function pickModels(models: DetectedModels): Promise<readonly string[] | null> {
  const found = (await models.list()).filter(({ detection }) => detection.analysable);
  const picked = await vscode.window.showQuickPick(
    found.map(({ uri, path }) => ({ label: basename(uri.path), detail: path, uri })),
    {
      placeHolder: vscode.l10n.t('The models to compare: two or more of one task'),
      canPickMany: true,
      matchOnDetail: true,
    },
  );
  return picked === undefined ? null : picked.map(({ uri }) => uri.fsPath);
}
