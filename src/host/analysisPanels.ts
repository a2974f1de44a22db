import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PanelState } from '../report/panelMessages';
import type { ComputationChoice } from '../report/request';
import { AnalysisPanel, type PanelParts } from './analysisPanel';
import { distinctName } from './distinctNames';
import { contextKeys, panelViewType } from './identifiers';
import { webviewOptions } from './panelPage';

/** What every panel needs, and the models that a name must be told from. */
type PanelsParts = Omit<PanelParts, 'onChange'> & { readonly detected: () => readonly string[] };

/** Every open panel, at most one for a model file. */
export class AnalysisPanels
  implements vscode.Disposable, vscode.WebviewPanelSerializer, vscode.CustomReadonlyEditorProvider
{
  private readonly parts: PanelsParts;
  private readonly panels = new Map<string, AnalysisPanel>();
  private readonly changed = new vscode.EventEmitter<void>();
  private isRunning = false;

  /** A panel opened, closed, or shows something new. */
  readonly onDidChange = this.changed.event;

  constructor(parts: PanelsParts) {
    this.parts = parts;
  }

  /** What each open panel shows, in the order that they were opened. */
  get states(): readonly PanelState[] {
    return [...this.panels.values()].map(({ state }) => state);
  }

  /** The states of the panels that work now and can be cancelled. */
  get running(): readonly PanelState[] {
    return [...this.panels.values()].filter(({ busy }) => busy).map(({ state }) => state);
  }

  /** Shows the panel of a model, the one that is open already if there is one; analyses unless its report is there. */
  analyse(file: string): void {
    const open = this.panels.get(file);
    open?.reveal();
    const panel = open ?? this.adopt(this.create(file), file);
    panel.run();
  }

  /** Shows the panel of a model as it is; where none is open, with what is kept of it, or with an analysis. */
  reveal(file: string): void {
    const open = this.panels.get(file);
    if (open === undefined) this.adopt(this.create(file), file).restore();
    else open.reveal();
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  /** A model that is opened as a file: its first page, or what is kept of it. A panel that is open moves there. */
  resolveCustomEditor({ uri }: vscode.CustomDocument, webviewPanel: vscode.WebviewPanel): void {
    const open = this.panels.get(uri.fsPath);
    if (open === undefined) this.adopt(webviewPanel, uri.fsPath).open();
    else {
      open.moveTo(webviewPanel);
      this.watchClosing(webviewPanel, open, uri.fsPath);
    }
  }

  cancel(file: string): void {
    this.panels.get(file)?.cancel();
  }

  /** VS Code calls it after a reload of the window, for each panel that was open. */
  async deserializeWebviewPanel(webviewPanel: vscode.WebviewPanel, saved: unknown): Promise<void> {
    // Loaded only here, with the schema of reports: the start of the editor does not wait for it.
    const { readRestoredState } = await import('./restoredState');
    const restored = readRestoredState(saved);
    if (restored === null || this.panels.has(restored.file)) {
      webviewPanel.dispose();
      return;
    }
    this.adopt(webviewPanel, restored.file, restored.computation).restore();
  }

  dispose(): void {
    for (const panel of this.panels.values()) panel.dispose();
    this.panels.clear();
    this.changed.dispose();
  }

  private create(file: string): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(
      panelViewType,
      vscode.l10n.t('Sharpness of {0}', basename(file)),
      vscode.ViewColumn.Active,
      { ...webviewOptions(this.parts.extensionUri), enableFindWidget: true, retainContextWhenHidden: false },
    );
  }

  private adopt(
    webviewPanel: vscode.WebviewPanel,
    file: string,
    computation: ComputationChoice | null = null,
  ): AnalysisPanel {
    const onChange = (): void => {
      this.announce();
    };
    const panel = new AnalysisPanel(webviewPanel, file, { ...this.parts, onChange }, computation);
    this.panels.set(file, panel);
    this.nameAll();
    this.watchClosing(webviewPanel, panel, file);
    return panel;
  }

  private watchClosing(webviewPanel: vscode.WebviewPanel, panel: AnalysisPanel, file: string): void {
    webviewPanel.onDidDispose(() => {
      if (!panel.isIn(webviewPanel)) return;
      panel.dispose();
      this.panels.delete(file);
      this.nameAll();
      this.announce();
    });
  }

  /** Names repeat where every run writes a model.onnx: then the folders are told, too. */
  private nameAll(): void {
    const others = [...this.panels.keys(), ...this.parts.detected()];
    for (const [file, panel] of this.panels) panel.name = distinctName(file, others);
  }

  private announce(): void {
    const running = this.running.length > 0;
    if (running !== this.isRunning) {
      this.isRunning = running;
      void vscode.commands.executeCommand('setContext', contextKeys.running, running);
    }
    this.changed.fire();
  }
}
