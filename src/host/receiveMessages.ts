import * as vscode from 'vscode';
import { failureOf } from '../report/failure';

/**
 * Hands on every message of a webview that it may send: what comes out of a webview is checked like a file. What fails is
 * logged and shown.
 * @param read null for what is no message
 */
export function receiveMessages<Message>(
  { webview }: vscode.WebviewPanel,
  log: vscode.LogOutputChannel,
  read: (raw: unknown) => Message | null,
  receive: (message: Message) => Promise<void>,
): vscode.Disposable {
  return webview.onDidReceiveMessage(async (raw: unknown) => {
    const message = read(raw);
    if (message === null) {
      log.warn('The panel sent a message that it does not have; it was ignored.');
      return;
    }
    try {
      await receive(message);
    } catch (thrown) {
      log.error(thrown instanceof Error ? thrown : String(thrown));
      const { kind, message: sentence } = failureOf(thrown);
      const reason = kind === 'InternalError' && thrown instanceof Error ? thrown.message : sentence;
      void vscode.window.showErrorMessage(reason);
    }
  });
}
