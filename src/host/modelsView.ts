import { posix } from 'node:path';
import * as vscode from 'vscode';
import { byteSize } from '../report/wording/byteSize';
import type { DetectedModel, DetectedModels } from './detectedModels';
import { commands, modelsViewId } from './identifiers';

/** The view "Models" below the explorer: every model of the workspace, with what can be done with it. */
export class ModelsView implements vscode.Disposable, vscode.TreeDataProvider<DetectedModel> {
  private readonly models: DetectedModels;
  private readonly view: vscode.TreeView<DetectedModel>;
  readonly onDidChangeTreeData: vscode.Event<void>;

  constructor(models: DetectedModels) {
    this.models = models;
    this.onDidChangeTreeData = models.onDidChange;
    this.view = vscode.window.createTreeView(modelsViewId, { treeDataProvider: this });
  }

  async getChildren(model?: DetectedModel): Promise<DetectedModel[]> {
    if (model !== undefined) return [];
    const models = await this.models.list();
    this.view.message = this.models.truncated
      ? vscode.l10n.t(
          'There are more files than are looked at; leave some out with the setting modelSharpness.exclude.',
        )
      : '';
    return [...models];
  }

  getTreeItem(model: DetectedModel): vscode.TreeItem {
    const { detection, uri } = model;
    const name = posix.basename(uri.path);
    const folder = posix.dirname(model.path);
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
    item.id = uri.toString();
    item.resourceUri = uri;
    item.description = [
      detection.title,
      byteSize(detection.size),
      ...(detection.analysable ? [] : [vscode.l10n.t('cannot be analysed')]),
      ...(folder === '.' ? [] : [folder]),
    ].join(' · ');
    item.tooltip = detection.advice === null ? uri.fsPath : `${uri.fsPath}\n\n${detection.advice}`;
    item.iconPath = new vscode.ThemeIcon(detection.analysable ? 'circuit-board' : 'circle-slash');
    item.contextValue = detection.analysable ? 'analysable' : 'unsupported';
    item.accessibilityInformation = {
      label: [name, item.description, ...(detection.advice === null ? [] : [detection.advice])].join(', '),
    };
    if (detection.analysable)
      item.command = {
        command: commands.analyze,
        title: vscode.l10n.t('Analyze sharpness'),
        arguments: [model],
      };
    return item;
  }

  dispose(): void {
    this.view.dispose();
  }
}
