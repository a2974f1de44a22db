import { basename } from 'node:path';
import * as vscode from 'vscode';
import { FailureError, failureOf } from '../report/failure';
import { nothingSaid } from '../report/form';
import { packState } from '../report/packedBlocks';
import type { HostToPanel, PanelState } from '../report/panelMessages';
import { readPanelMessage } from './panelMessage';
import { showPanelPage } from './panelPage';
import { receiveMessages } from './receiveMessages';

/** A report has some hundred kilobytes, a page of one some megabytes; what is far beyond is none. */
const largest = 128 * 1024 ** 2;

/** Opens exported reports, JSON or HTML, in the same panel, read-only: no model need lie beside them. */
export class ReportEditor implements vscode.CustomReadonlyEditorProvider {
  private readonly extensionUri: vscode.Uri;
  private readonly log: vscode.LogOutputChannel;

  constructor(extensionUri: vscode.Uri, log: vscode.LogOutputChannel) {
    this.extensionUri = extensionUri;
    this.log = log;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    let state: PanelState = { phase: 'reading', file: basename(uri.path) };
    const send = (): void => {
      const form = { said: nothingSaid, known: null, layers: null };
      const message: HostToPanel = {
        type: 'state',
        ...packState(state),
        form,
        name: null,
        readOnly: true,
      };
      void panel.webview.postMessage(message);
    };
    const read = async (): Promise<void> => {
      state = await readState(uri);
      if (state.phase === 'failed') this.log.error(`${uri.fsPath}: ${state.failure.message}`);
      send();
    };
    const folder = vscode.Uri.joinPath(uri, '..');
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(folder, basename(uri.path)),
    );
    const subscriptions = vscode.Disposable.from(
      watcher,
      watcher.onDidChange(read),
      watcher.onDidCreate(read),
      receiveMessages(panel, this.log, readPanelMessage, async (message) => {
        if (message.type === 'ready') send();
        else if (message.type === 'show-log') this.log.show(true);
        else if (
          message.type === 'export' ||
          message.type === 'picture' ||
          message.type === 'copy-markdown'
        ) {
          // Loaded by the first export, with the charts: the start of the editor does not wait for it.
          const { exportReport } = await import('./exportReport');
          await exportReport(uri.fsPath, state, message);
        }
      }),
    );
    panel.onDidDispose(() => {
      subscriptions.dispose();
    });
    showPanelPage(panel, this.extensionUri);
    void read();
  }
}

async function readState(uri: vscode.Uri): Promise<PanelState> {
  const file = basename(uri.path);
  try {
    const { size, mtime } = await vscode.workspace.fs.stat(uri);
    if (size > largest)
      throw new FailureError('ReportUnreadable', `${file} has ${size} bytes, far more than a report has.`);
    const { readSavedReport } = await import('../report/savedReport');
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const saved = readSavedReport(file, text);
    return saved.whole
      ? { phase: 'done', file, report: saved.report, finished: mtime, changed: [] }
      : { phase: 'cancelled', file, known: saved.report };
  } catch (thrown) {
    return { phase: 'failed', file, failure: failureOf(thrown), known: {} };
  }
}
