import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { failureOf } from '../report/failure';
import type { ShapeChanges } from '../report/inputShapes';
import type {
  ComputationChoice,
  HostToPanel,
  PanelState,
  PanelToHost,
  SampleChoice,
} from '../report/panelMessages';
import type { Report } from '../report/report';
import { defaultRandomCount, type AnalysisRequest, type SampleSource } from '../report/request';
import type { WorkerCalls } from '../worker/client';
import { AnalysisSession } from './analysisSession';
import { readPanelMessage } from './panelMessage';
import type { RunMemory } from './runMemory';
import { webviewPage } from './webviewPage';

export interface PanelParts {
  readonly extensionUri: vscode.Uri;
  readonly worker: WorkerCalls;
  readonly memory: RunMemory;
  readonly settings: () => Pick<AnalysisRequest, 'threads' | 'memoryBudget'>;
  readonly log: vscode.LogOutputChannel;
  readonly onChange: () => void;
}

/** What every panel may load: the script and the style of the panel, and no other file of the machine. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    enableForms: false,
    localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')],
  };
}

/** The panel of one model file: it sends its session's state to the webview, and the webview's wishes to the session. */
export class AnalysisPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly parts: PanelParts;
  private readonly session: AnalysisSession;
  private readonly disposables: vscode.Disposable[] = [];
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
    panel.iconPath = {
      light: vscode.Uri.joinPath(parts.extensionUri, 'media', 'panel-light.svg'),
      dark: vscode.Uri.joinPath(parts.extensionUri, 'media', 'panel-dark.svg'),
    };
    panel.webview.options = webviewOptions(parts.extensionUri);
    panel.webview.onDidReceiveMessage(
      (message: unknown) => {
        this.receive(message).catch((thrown: unknown) => {
          this.complain(thrown);
        });
      },
      null,
      this.disposables,
    );
    panel.webview.html = this.page();
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

  /** Starts an analysis unless one is going on, or the user is being asked. */
  run(): void {
    if (this.session.busy || this.state.phase === 'choosing-samples') return;
    void this.session.run();
  }

  restore(report: Report): Promise<void> {
    return this.session.restore(report);
  }

  cancel(): void {
    this.session.cancel();
  }

  dispose(): void {
    this.session.dispose();
    vscode.Disposable.from(...this.disposables, ...(this.watcher?.disposables ?? [])).dispose();
  }

  private page(): string {
    const { webview } = this.panel;
    const resource = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.parts.extensionUri, 'dist', 'webview', name)).toString();
    return webviewPage({
      title: this.panel.title,
      language: vscode.env.language,
      script: resource('panel.js'),
      style: resource('panel.css'),
      source: webview.cspSource,
      nonce: randomBytes(16).toString('base64'),
    });
  }

  private show(state: PanelState): void {
    this.watchFiles();
    if (state.phase === 'failed') {
      const { kind, message, detail } = state.failure;
      this.parts.log.error(`${state.file}: ${kind}: ${message}${detail === null ? '' : `\n${detail}`}`);
    } else if (state.phase !== 'running') {
      this.parts.log.info(`${state.file}: ${state.phase}`);
    }
    this.send(state);
    this.parts.onChange();
  }

  /** A hidden webview has no page and takes no message; when it is shown again it says `ready` and gets the state. */
  private send(state: PanelState): void {
    const message: HostToPanel = { type: 'state', state, computation: this.session.computation };
    void this.panel.webview.postMessage(message);
  }

  private async receive(raw: unknown): Promise<void> {
    const message = readPanelMessage(raw);
    switch (message?.type) {
      case undefined:
        this.parts.log.warn('The panel sent a message that it does not have; it was ignored.');
        return;
      case 'ready':
        this.send(this.state);
        return;
      case 'run':
        await this.session.run();
        return;
      case 'cancel':
        this.session.cancel();
        return;
      case 'compute': {
        const { method, blocks, scaleAdapted, plane, evaluation } = message;
        await this.session.compute({ method, blocks, scaleAdapted, plane, evaluation });
        return;
      }
      case 'change-samples':
        await this.session.changeSamples();
        return;
      case 'choose-samples':
        await this.chooseSamples(message.choice, message.shapes);
        return;
      case 'export':
        await this.export(message);
        return;
      case 'write-architecture':
        await this.writeArchitecture();
        return;
      case 'show-log':
        this.parts.log.show(true);
    }
  }

  /** The layers that a file of weights tells, written beside it and opened; the editor knows what may stand in them. */
  private async writeArchitecture(): Promise<void> {
    const { state } = this;
    if (state.phase !== 'failed' || state.failure.kind !== 'ArchitectureMissing') return;
    const { writeArchitecture } = await import('../samples/sidecar');
    const path = await writeArchitecture(state.file, state.failure.detail ?? '');
    await vscode.window.showTextDocument(vscode.Uri.file(path), { viewColumn: vscode.ViewColumn.Beside });
  }

  private async chooseSamples(choice: SampleChoice, shapes: ShapeChanges): Promise<void> {
    if (!this.session.takes(shapes)) return;
    const source = await this.sourceOf(choice);
    if (source === null) return;
    const path = source.kind === 'file' ? source.path : null;
    if (path !== null || Object.keys(shapes).length > 0) await this.remember(path, shapes);
    await this.session.useSamples(source, shapes);
  }

  /** Writes what was chosen beside the model, for the next time; where that fails, this time goes on all the same. */
  private async remember(samples: string | null, shapes: ShapeChanges): Promise<void> {
    const { writeSidecar } = await import('../samples/sidecar');
    try {
      await writeSidecar(this.session.file, samples, shapes);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.parts.log.warn(`${this.session.file}: the choice of samples was not written down: ${reason}`);
    }
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

  private async export(wanted: Extract<PanelToHost, { type: 'export' }>): Promise<void> {
    const state = this.state;
    if (state.phase !== 'done') return;
    // Loaded by the first export, with the charts and the schema: the start of the editor does not wait for them.
    const { exportReport } = await import('./exportReport');
    await exportReport(state.file, state.report, wanted);
  }

  private complain(thrown: unknown): void {
    this.parts.log.error(thrown instanceof Error ? thrown : String(thrown));
    const { kind, message } = failureOf(thrown);
    const reason = kind === 'InternalError' && thrown instanceof Error ? thrown.message : message;
    void vscode.window.showErrorMessage(reason);
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
