import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { comparisonExports, type ComparisonToHost, type HostToComparison } from '../comparison/panelState';
import { failureOf } from '../report/failure';
import { defaultRandomCount, type ModelInspection, type SampleSource } from '../report/request';
import type { PanelParts } from './analysisPanel';
import { ComparisonSession } from './comparisonSession';
import { comparisonViewType } from './identifiers';
import { showPanelPage, webviewOptions } from './panelPage';

type Parts = Pick<PanelParts, 'extensionUri' | 'worker' | 'kept' | 'settings' | 'log'>;

const lookMilliseconds = 2000;

/** The panel of one comparison: it sends its session's state to the webview, and the webview's wishes to the session. */
export class ComparisonPanel implements vscode.Disposable {
  private readonly session: ComparisonSession;
  private readonly panel: vscode.WebviewPanel;
  private readonly looking: NodeJS.Timeout;

  /**
   * @param files models, saved reports and folders
   * @param folder the only folder among them, which can be followed, or null
   */
  constructor(
    private readonly files: readonly string[],
    folder: string | null,
    private readonly parts: Parts,
    onClose: () => void,
  ) {
    const { extensionUri, log } = parts;
    const title = folder === null ? String(files.length) : basename(folder);
    this.panel = vscode.window.createWebviewPanel(
      comparisonViewType,
      vscode.l10n.t('Sharpness compared: {0}', title),
      vscode.ViewColumn.Active,
      { ...webviewOptions(extensionUri), enableFindWidget: true },
    );
    this.session = new ComparisonSession(files, folder, {
      ...parts,
      isTrusted: () => vscode.workspace.isTrusted,
      askSamples: (inspection) => this.askSamples(inspection),
      onChange: (state) => {
        if (state.failure !== null) log.error(`Comparison: ${state.failure.kind}: ${state.failure.message}`);
        this.send({ type: 'comparison', state });
      },
      onProgress: (progress) => {
        this.send({ type: 'progress', progress });
      },
    });
    this.panel.webview.onDidReceiveMessage((message: unknown) => {
      this.receive(message).catch((thrown: unknown) => {
        log.error(thrown instanceof Error ? thrown : String(thrown));
        void vscode.window.showErrorMessage(failureOf(thrown).message);
      });
    });
    showPanelPage(this.panel, extensionUri, 'comparison.js');
    this.looking = setInterval(() => void this.session.look(), lookMilliseconds);
    this.panel.onDidDispose(() => {
      clearInterval(this.looking);
      this.session.dispose();
      onClose();
    });
    void this.session.run();
  }

  dispose(): void {
    this.panel.dispose();
  }

  private send(message: HostToComparison): void {
    void this.panel.webview.postMessage(message);
  }

  private async receive(raw: unknown): Promise<void> {
    const message = readComparisonMessage(raw);
    switch (message?.type) {
      case undefined:
        this.parts.log.warn('The comparison sent a message that it does not have; it was ignored.');
        return;
      case 'ready':
        this.send({ type: 'comparison', state: this.session.state });
        return;
      case 'run':
        await this.session.run();
        return;
      case 'cancel':
        this.session.cancel();
        return;
      case 'follow':
      case 'stop-following':
        this.session.follow(message.type === 'follow');
        return;
      case 'export':
        await this.export(message.format);
        return;
      case 'show-log':
        this.parts.log.show(true);
    }
  }

  private async askSamples({ candidates }: ModelInspection): Promise<SampleSource | null> {
    const browse = { label: vscode.l10n.t('Browse…'), source: null };
    const random = {
      label: vscode.l10n.t('Random inputs (not your training data)'),
      source: { kind: 'random', count: defaultRandomCount } as const,
    };
    const fitting = candidates
      .filter(({ fits }) => fits)
      .map(({ path, name, description }) => ({
        label: name,
        description,
        source: { kind: 'file', path, inputs: {}, labels: null } as const,
      }));
    const picked = await vscode.window.showQuickPick<vscode.QuickPickItem & { source: SampleSource | null }>(
      [...fitting, browse, random],
      { placeHolder: vscode.l10n.t('The samples that all models are compared on'), ignoreFocusOut: true },
    );
    if (picked === undefined) return null;
    if (picked.source !== null) return picked.source;
    const chosen = await vscode.window.showOpenDialog({
      canSelectMany: false,
      defaultUri: vscode.Uri.file(dirname(this.files[0] ?? '')),
      openLabel: vscode.l10n.t('Use these samples'),
    });
    const path = chosen?.[0]?.fsPath;
    return path === undefined ? null : { kind: 'file', path, inputs: {}, labels: null };
  }

  private async export(format: (typeof comparisonExports)[number]): Promise<void> {
    // Loaded by the first export, with the charts and the schema: the start of the editor does not wait for them.
    const { comparisonPage } = await import('../charts/comparisonPage');
    const { comparisonJson } = await import('../comparison/schema');
    const { atomicWrite } = await import('../files/atomicWrite');
    const { comparison } = this.session.state;
    const content = format === 'html' ? comparisonPage(comparison) : `${comparisonJson(comparison)}\n`;
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(join(dirname(this.files[0] ?? ''), `comparison.${format}`)),
      filters: { [format.toUpperCase()]: [format] },
      title: vscode.l10n.t('Export the comparison'),
    });
    if (target === undefined) return;
    if (target.scheme === 'file') await atomicWrite(target.fsPath, content);
    else await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(content));
  }
}

const plainMessages = ['ready', 'cancel', 'run', 'follow', 'stop-following', 'show-log'] as const;

/** The message that the webview sent, or null where it is none: what comes out of a webview is checked like a file. */
function readComparisonMessage(message: unknown): ComparisonToHost | null {
  if (typeof message !== 'object' || message === null || !('type' in message)) return null;
  const plain = plainMessages.find((type) => type === message.type);
  if (plain !== undefined) return { type: plain };
  const asked = message.type === 'export' && 'format' in message ? message.format : null;
  const format = comparisonExports.find((each) => each === asked);
  return format === undefined ? null : { type: 'export', format };
}
