import { posix } from 'node:path';
import * as vscode from 'vscode';
import { ageText } from '../report/wording/age';
import { byteSize } from '../report/wording/byteSize';
import { formatNumber } from '../report/wording/number';
import { compareContents } from './contents';
import type { DetectedModel, DetectedModels } from './detectedModels';
import { commands, modelsViewId } from './identifiers';
import type { KeptReports, LastRun } from './keptReports';
import { sortModels, sortings, treeOf, type Folder, type Listed, type Sorting } from './modelTree';

/** A model with what its last analysis found. */
interface Entry extends DetectedModel, Listed {
  readonly last: LastRun | null;
  /** Whether the file is another since. */
  readonly changed: boolean;
}

type Node = Folder<Entry> | Entry;

const sortingKey = 'sorting';
/** A model up to this size is read once more where its time says that it may be another. */
const quicklyRead = 64 * 1024 ** 2;

/** The view "Models": every model of the workspace, by folder or by what its analysis found. */
export class ModelsView implements vscode.Disposable, vscode.TreeDataProvider<Node> {
  private readonly models: DetectedModels;
  private readonly kept: KeptReports;
  private readonly memory: vscode.Memento;
  private readonly view: vscode.TreeView<Node>;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(models: DetectedModels, kept: KeptReports, memory: vscode.Memento) {
    this.models = models;
    this.kept = kept;
    this.memory = memory;
    this.view = vscode.window.createTreeView<Node>(modelsViewId, {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    const again = (): void => {
      this.changed.fire();
    };
    this.subscriptions = vscode.Disposable.from(
      this.view,
      this.changed,
      models.onDidChange(again),
      kept.onDidChange(again),
    );
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node !== undefined) return 'folder' in node ? [...node.children] : [];
    const models = await this.models.list();
    this.view.message = this.models.truncated
      ? vscode.l10n.t(
          'There are more files than are looked at; leave some out with the setting modelSharpness.exclude.',
        )
      : '';
    const entries = await Promise.all(models.map((model) => this.entryOf(model)));
    const { sorting } = this;
    return [...(sorting === 'name' ? treeOf(entries) : sortModels(entries, sorting))];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return 'folder' in node ? folderItem(node) : modelItem(node, this.sorting !== 'name');
  }

  /** Asks by what the list is sorted. */
  async sort(): Promise<void> {
    const names: Readonly<Record<Sorting, string>> = {
      name: vscode.l10n.t('Folder and name'),
      lambdaMax: vscode.l10n.t('λ_max, the sharpest first'),
      loss: vscode.l10n.t('Loss, the largest first'),
      age: vscode.l10n.t('Time of the analysis, the latest first'),
    };
    const picked = await vscode.window.showQuickPick(
      sortings.map((sorting) => ({ label: names[sorting], picked: sorting === this.sorting, sorting })),
      { placeHolder: vscode.l10n.t('What the models are sorted by') },
    );
    if (picked === undefined) return;
    await this.memory.update(sortingKey, picked.sorting);
    this.changed.fire();
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private get sorting(): Sorting {
    const kept = this.memory.get(sortingKey);
    return sortings.find((sorting) => sorting === kept) ?? 'name';
  }

  private async entryOf(model: DetectedModel): Promise<Entry> {
    const { fsPath } = model.uri;
    const last = await this.kept.recall(fsPath);
    const lambdaMax = last?.lambdaMax?.upper ?? null;
    const content = last?.contents[fsPath];
    const changed =
      content !== undefined &&
      (model.detection.size <= quicklyRead ||
        !content.facts.startsWith(`${String(model.detection.size)} `)) &&
      (await compareContents({ [fsPath]: content })).changed.length > 0;
    return { ...model, last, lambdaMax, loss: last?.loss ?? null, finished: last?.finished ?? null, changed };
  }
}

function folderItem({ folder }: Folder<Entry>): vscode.TreeItem {
  const item = new vscode.TreeItem(folder, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `folder ${folder}`;
  item.iconPath = vscode.ThemeIcon.Folder;
  item.contextValue = 'folder';
  return item;
}

function modelItem(entry: Entry, withFolder: boolean): vscode.TreeItem {
  const { detection, uri, path } = entry;
  const name = posix.basename(uri.path);
  const folder = posix.dirname(path);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  const found = foundText(entry);
  item.id = uri.toString();
  item.resourceUri = uri;
  item.description = [
    ...(found === '' ? [detection.title, byteSize(detection.size)] : [found]),
    ...(detection.analysable ? [] : [vscode.l10n.t('cannot be analysed')]),
    ...(withFolder && folder !== '.' ? [folder] : []),
  ].join(' · ');
  item.tooltip = [
    uri.fsPath,
    [detection.title, byteSize(detection.size), found].filter((part) => part !== '').join(' · '),
    ...(detection.advice === null ? [] : [detection.advice]),
  ].join('\n\n');
  item.iconPath = new vscode.ThemeIcon(detection.analysable ? 'circuit-board' : 'circle-slash');
  item.contextValue = detection.analysable ? 'analysable' : 'unsupported';
  item.accessibilityInformation = {
    label: [name, item.description, ...(detection.advice === null ? [] : [detection.advice])].join(', '),
  };
  if (detection.analysable)
    item.command = {
      command: commands.reveal,
      title: vscode.l10n.t('Show the sharpness'),
      arguments: [entry],
    };
  return item;
}

/** "λ_max 1.257 · loss 0.01071 · 2 days ago". */
function foundText({ last, changed }: Entry): string {
  if (last === null) return '';
  const { lambdaMax, loss, finished } = last;
  return [
    ...(lambdaMax === null ? [] : [`λ_max ${intervalText(lambdaMax)}`]),
    ...(loss === null ? [] : [vscode.l10n.t('loss {0}', formatNumber(loss))]),
    ageText(Date.now() - finished),
    ...(changed ? [vscode.l10n.t('the file changed since')] : []),
  ].join(' · ');
}

/** One number where both ends are about the same. */
function intervalText({ lower, upper }: { readonly lower: number; readonly upper: number }): string {
  const close = upper - lower <= 0.02 * Math.abs(upper);
  return close ? formatNumber((lower + upper) / 2) : `${formatNumber(lower)} – ${formatNumber(upper)}`;
}
