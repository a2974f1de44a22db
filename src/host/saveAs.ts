import { basename } from 'node:path';
import * as vscode from 'vscode';
import { atomicWrite } from '../files/atomicWrite';

/** Asks where to, writes the content there, and offers to open it. Throws what writing throws. */
export async function saveAs(proposed: string, title: string, content: string | Uint8Array): Promise<void> {
  const format = proposed.slice(proposed.lastIndexOf('.') + 1);
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(proposed),
    filters: { [format.toUpperCase()]: [format] },
    title,
  });
  if (target === undefined) return;
  if (target.scheme === 'file') await atomicWrite(target.fsPath, content);
  else await vscode.workspace.fs.writeFile(target, Buffer.from(content));
  const open = vscode.l10n.t('Open');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Saved as {0}.', basename(target.path)),
    open,
  );
  if (answer === open) await vscode.commands.executeCommand('vscode.open', target);
}
