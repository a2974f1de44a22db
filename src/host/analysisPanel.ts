import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { ShapeChanges } from '../report/inputShapes';
import { packState } from '../report/packedBlocks';
import type { HostToPanel, PanelState, PanelToHost, SampleChoice } from '../report/panelMessages';
import {
  defaultRandomCount,
  type AnalysisRequest,
  type ComputationChoice,
  type SampleSource,
} from '../report/request';
import type { WorkerCalls } from '../worker/client';
import type { Method } from '../worker/protocol';
import { AnalysisSession } from './analysisSession';
import type { Export } from './exportReport';
import { panelViewType } from './identifiers';
import type { KeptReports } from './keptReports';
import { readPanelMessage } from './panelMessage';
import { showPanelPage } from './panelPage';
import { receiveMessages } from './receiveMessages';

export interface PanelParts {
  readonly extensionUri: vscode.Uri;
  readonly worker: WorkerCalls<Method>;
  readonly kept: KeptReports;
  readonly settings: () => Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
  readonly log: vscode.LogOutputChannel;
  readonly onChange: () => void;
}

/** The panel of one model file: it sends its session's state to the webview, and the webview's wishes to the session. */
export class AnalysisPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel;
  private readonly parts: PanelParts;
  private readonly session: AnalysisSession;
  private shownName: string | null = null;
  private listener: vscode.Disposable;
  private watcher: { folders: string; disposables: vscode.Disposable[] } | null = null;

  /** @param computation what an earlier window was to compute, or null */
  constructor(
    panel: vscode.WebviewPanel,
    file: string,
    parts: PanelParts,
    computation: ComputationChoice | null,
  ) {
    this.panel = panel;
    this.parts = parts;
    this.session = new AnalysisSession(
      file,
      {
        ...parts,
        isTrusted: () => vscode.workspace.isTrusted,
        onChange: (state) => {
          this.show(state);
        },
      },
      computation,
    );
    this.listener = this.listen();
    showPanelPage(panel, parts.extensionUri);
  }

  /** How the model is called, with as many folders as tell it from others. */
  set name(name: string) {
    if (name === this.shownName) return;
    this.shownName = name;
    // The tab of a file is VS Code's own.
    if (this.panel.viewType === panelViewType) this.panel.title = vscode.l10n.t('Sharpness of {0}', name);
    this.send(this.state);
  }

  get state(): PanelState {
    return this.session.state;
  }

  get busy(): boolean {
    return this.session.busy;
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Whether this is where it is shown. */
  isIn(panel: vscode.WebviewPanel): boolean {
    return this.panel === panel;
  }

  /** Goes on in another tab, which has opened for the same file; the tab of before is closed. */
  moveTo(panel: vscode.WebviewPanel): void {
    const { panel: left } = this;
    this.listener.dispose();
    this.panel = panel;
    this.listener = this.listen();
    showPanelPage(panel, this.parts.extensionUri);
    left.dispose();
  }

  /** Shows what is kept of this model, or its first page. */
  open(): void {
    void this.session.open();
  }

  /** Shows what is kept of this model, else starts an analysis. */
  restore(): void {
    void this.session.openOrRun(false);
  }

  /** Shows a report that is kept and not old, else starts an analysis, unless one goes on or the user is being asked. */
  run(): void {
    const { phase } = this.state;
    if (this.session.busy || phase === 'choosing-samples') return;
    if (phase === 'done' && this.state.changed.length === 0) return;
    void (phase === 'reading' ? this.session.openOrRun(true) : this.session.run());
  }

  cancel(): void {
    this.session.cancel();
  }

  dispose(): void {
    this.session.dispose();
    vscode.Disposable.from(this.listener, ...(this.watcher?.disposables ?? [])).dispose();
  }

  private listen(): vscode.Disposable {
    return receiveMessages(this.panel, this.parts.log, readPanelMessage, (message) => this.receive(message));
  }

  private show(state: PanelState): void {
    this.watchFiles();
    if (state.phase === 'failed') {
      const { kind, message, detail } = state.failure;
      this.parts.log.error(`${state.file}: ${kind}: ${message}${detail === null ? '' : `\n${detail}`}`);
    } else if (state.phase === 'done') {
      const { method, analysis, time } = state.report;
      const versions = Object.entries(analysis.versions).map(([name, version]) => `${name} ${version}`);
      const seconds = Object.entries(time).map(([stage, each]) => `${stage} ${each.toFixed(2)} s`);
      this.parts.log.info(`${state.file}: ${method}; ${seconds.join(', ')}; ${versions.join(', ')}`);
    } else if (state.phase !== 'running') {
      this.parts.log.info(`${state.file}: ${state.phase}`);
    }
    this.send(state);
    this.parts.onChange();
  }

  /** A hidden webview has no page and takes no message; when it is shown again it says `ready` and gets the state. */
  private send(state: PanelState): void {
    const message: HostToPanel = {
      type: 'state',
      ...packState(state),
      form: this.session.form,
      name: this.shownName,
      readOnly: false,
    };
    void this.panel.webview.postMessage(message);
  }

  private async receive(message: PanelToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.send(this.state);
        return;
      case 'run':
        await this.session.run();
        return;
      case 'cancel':
        this.session.cancel();
        return;
      case 'skip':
        this.session.skip(message.stage);
        return;
      case 'say':
        await this.session.say(message.said);
        return;
      case 'look':
        await this.session.look();
        return;
      case 'change-samples':
        await this.session.changeSamples();
        return;
      case 'choose-samples':
        await this.chooseSamples(message.choice, message.shapes);
        return;
      case 'export':
      case 'picture':
      case 'copy-markdown':
        await this.export(message);
        return;
      case 'answer-layers':
        await this.session.layers?.answer(message.answers);
        return;
      case 'use-layers':
        await this.session.useLayers();
        return;
      case 'run-python':
        await this.runPython();
        return;
      case 'write-architecture':
        await this.writeArchitecture();
        return;
      case 'detail': {
        const { of } = message;
        const answered: HostToPanel = { type: 'detail', of, answer: await this.session.detail(of) };
        void this.panel.webview.postMessage(answered);
        return;
      }
      case 'show-log':
        this.parts.log.show(true);
    }
  }

  /** The layers of a file of weights as far as they are known, written beside it and opened; the editor knows what may stand in them. */
  private async writeArchitecture(): Promise<void> {
    const { file, layers } = this.session;
    if (layers === null) return;
    const { writeArchitecture } = await import('../samples/sidecar');
    const path = await writeArchitecture(file, layers.text);
    await vscode.window.showTextDocument(vscode.Uri.file(path), { viewColumn: vscode.ViewColumn.Beside });
  }

  private async runPython(): Promise<void> {
    const { session, parts } = this;
    if (session.layers === null) return;
    const { runInPython } = await import('./runInPython');
    const pythonFolder = join(parts.extensionUri.fsPath, 'media', 'python');
    const samples = await session.samplesFile();
    await runInPython({ weights: session.file, samples, pythonFolder, log: parts.log });
  }

  private async chooseSamples(choice: SampleChoice, shapes: ShapeChanges): Promise<void> {
    if (!this.session.takes(shapes)) return;
    const source = await this.sourceOf(choice);
    if (source === null) return;
    await this.session.useSamples(source, shapes);
  }

  private async sourceOf(choice: SampleChoice): Promise<SampleSource | null> {
    if (choice.kind === 'random') return { kind: 'random', count: defaultRandomCount };
    const path = choice.kind === 'file' ? choice.path : await this.browse();
    if (path === null || (choice.kind === 'file' && !this.session.offers(path))) return null;
    return { kind: 'file', path, inputs: {}, labels: null };
  }

  private async browse(): Promise<string | null> {
    const chosen = await vscode.window.showOpenDialog({
      canSelectMany: false,
      defaultUri: vscode.Uri.file(dirname(this.session.file)),
      filters: {
        [vscode.l10n.t('Samples')]: ['npz', 'npy', 'csv', 'tsv', 'txt', 'dat'],
        [vscode.l10n.t('All files')]: ['*'],
      },
      title: vscode.l10n.t('Training samples for {0}', basename(this.session.file)),
      openLabel: vscode.l10n.t('Use these samples'),
    });
    return chosen?.[0]?.fsPath ?? null;
  }

  private async export(wanted: Export): Promise<void> {
    // Loaded by the first export, with the charts and the schema: the start of the editor does not wait for them.
    const { exportReport } = await import('./exportReport');
    await exportReport(this.session.file, this.state, wanted);
  }

  /** Watches the folders of the files that the report depends on, not what is below them. */
  private watchFiles(): void {
    const files = this.session.files;
    const folders = [...new Set(files.map((file) => dirname(file)))];
    if (this.watcher?.folders === folders.join('\n')) return;
    vscode.Disposable.from(...(this.watcher?.disposables ?? [])).dispose();
    const check = (uri: vscode.Uri): void => {
      if (this.session.files.some((file) => vscode.Uri.file(file).path === uri.path))
        void this.session.checkFiles();
    };
    const watchers = folders.map((folder) =>
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(folder), '*')),
    );
    this.watcher = {
      folders: folders.join('\n'),
      disposables: watchers.flatMap((watcher) => [
        watcher,
        watcher.onDidChange(check),
        watcher.onDidCreate(check),
        watcher.onDidDelete(check),
      ]),
    };
  }
}
