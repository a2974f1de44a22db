import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { ComparisonToHost, HostToComparison } from '../comparison/panelState';
import { defaultRandomCount, type ModelInspection, type SampleSource } from '../report/request';
import type { PanelParts } from './analysisPanel';
import type { ComparisonMemory } from './comparisonMemory';
import { ComparisonSession } from './comparisonSession';
import { comparisonViewType } from './identifiers';
import { readComparisonMessage } from './panelMessage';
import { showPanelPage, webviewOptions } from './panelPage';
import { receiveMessages } from './receiveMessages';

type Parts = Pick<PanelParts, 'extensionUri' | 'worker' | 'kept' | 'settings' | 'log'> & {
  readonly memory: ComparisonMemory;
};

const lookMilliseconds = 2000;

/** The panel of one comparison: it sends its session's state to the webview, and the webview's wishes to the session. */
export class ComparisonPanel implements vscode.Disposable {
  private readonly session: ComparisonSession;
  private readonly panel: vscode.WebviewPanel;
  private readonly looking: NodeJS.Timeout;

  /**
   * @param files models, saved reports and folders
   * @param folder the only folder among them, which can be followed, or null
   * @param restored the panel of an earlier window, or null
   */
  constructor(
    private readonly files: readonly string[],
    folder: string | null,
    private readonly parts: Parts,
    onClose: () => void,
    restored: vscode.WebviewPanel | null,
  ) {
    const { extensionUri, log, memory } = parts;
    const title = folder === null ? String(files.length) : basename(folder);
    this.panel =
      restored ??
      vscode.window.createWebviewPanel(
        comparisonViewType,
        vscode.l10n.t('Sharpness compared: {0}', title),
        vscode.ViewColumn.Active,
        { ...webviewOptions(extensionUri), enableFindWidget: true },
      );
    this.session = new ComparisonSession(files, folder, {
      ...parts,
      isTrusted: () => vscode.workspace.isTrusted,
      remembered: memory.recall(files),
      remember: (said) => {
        void memory.keep(files, said);
      },
      askSamples: (inspection) => this.askSamples(inspection),
      onChange: (state) => {
        if (state.failure !== null) log.error(`Comparison: ${state.failure.kind}: ${state.failure.message}`);
        this.send({ type: 'comparison', state });
      },
      onProgress: (progress) => {
        this.send({ type: 'progress', progress });
      },
    });
    receiveMessages(this.panel, log, readComparisonMessage, (message) => this.receive(message));
    showPanelPage(this.panel, extensionUri, 'comparison.js');
    this.looking = setInterval(() => void this.session.look(), lookMilliseconds);
    this.panel.onDidDispose(() => {
      clearInterval(this.looking);
      this.session.dispose();
      onClose();
    });
    void this.session.run();
  }

  reveal(): void {
    this.panel.reveal();
  }

  dispose(): void {
    this.panel.dispose();
  }

  private send(message: HostToComparison): void {
    void this.panel.webview.postMessage(message);
  }

  private async receive(message: ComparisonToHost): Promise<void> {
    switch (message.type) {
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
      case 'train':
        this.session.train(message.training);
        return;
      case 'export':
      case 'picture':
      case 'copy-markdown':
        await this.export(message);
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

  private async export(wanted: Export): Promise<void> {
    // Loaded by the first export, with the charts and the schema: the start of the editor does not wait for them.
    const { comparison } = this.session.state;
    const beside = this.files[0] ?? '';
    if (wanted.type === 'picture') {
      const { savePicture } = await import('./exportReport');
      await savePicture(beside, 'comparison', wanted.picture);
    } else if (wanted.type === 'copy-markdown') {
      const { comparisonMarkdown } = await import('../comparison/text');
      await vscode.env.clipboard.writeText(comparisonMarkdown(comparison));
    } else {
      const { comparisonPage } = await import('../charts/comparisonPage');
      const { comparisonJson } = await import('../comparison/schema');
      const { saveAs } = await import('./saveAs');
      const { format } = wanted;
      const content = format === 'html' ? comparisonPage(comparison) : `${comparisonJson(comparison)}\n`;
      const proposed = join(dirname(beside), `comparison.${format}`);
      await saveAs(proposed, vscode.l10n.t('Export the comparison'), content);
    }
  }
}

/** What takes a comparison out of its panel. */
type Export = Extract<ComparisonToHost, { type: 'export' | 'picture' | 'copy-markdown' }>;
