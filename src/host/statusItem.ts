import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PanelState } from '../report/panelMessages';
import type { AnalysisPanels } from './analysisPanels';
import { commands } from './identifiers';

/** While an analysis runs, a status bar item says how far it is, also when its panel is hidden; a click cancels. */
export function createStatusItem(panels: AnalysisPanels): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('modelSharpness.status', vscode.StatusBarAlignment.Left);
  item.name = vscode.l10n.t('Model Sharpness');
  item.command = commands.cancel;
  const update = (): void => {
    const [first] = panels.running;
    if (first === undefined) {
      item.hide();
      return;
    }
    item.text = `$(loading~spin) ${textOf(first)}`;
    item.tooltip = vscode.l10n.t('{0}. Click to cancel.', stageOf(first));
    item.show();
  };
  return vscode.Disposable.from(item, panels.onDidChange(update));
}

function textOf(state: PanelState): string {
  const name = basename(state.file);
  const fraction = state.phase === 'running' ? state.progress.fraction : null;
  return fraction === null
    ? vscode.l10n.t('Sharpness of {0}', name)
    : vscode.l10n.t('Sharpness of {0}: {1} %', name, String(Math.floor(fraction * 100)));
}

function stageOf(state: PanelState): string {
  return state.phase === 'running' ? state.progress.stage : vscode.l10n.t('Reading the model');
}
