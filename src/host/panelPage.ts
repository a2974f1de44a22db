import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { webviewPage } from './webviewPage';

/**
 * Lets the webview load its script and the style of the panels, and no other file of the machine, and fills it.
 * @param script of the panel of one model, or of several
 */
export function showPanelPage(
  panel: vscode.WebviewPanel,
  extensionUri: vscode.Uri,
  script: 'panel.js' | 'comparison.js' = 'panel.js',
): void {
  const { webview } = panel;
  const resource = (name: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name);
  panel.iconPath = {
    light: vscode.Uri.joinPath(extensionUri, 'media', 'panel-light.svg'),
    dark: vscode.Uri.joinPath(extensionUri, 'media', 'panel-dark.svg'),
  };
  webview.options = webviewOptions(extensionUri);
  webview.html = webviewPage({
    title: panel.title,
    language: vscode.env.language,
    translations: vscode.l10n.bundle,
    script: webview.asWebviewUri(resource(script)).toString(),
    style: webview.asWebviewUri(resource('panel.css')).toString(),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64'),
  });
}

/** What every panel may load. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    enableForms: false,
    localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')],
  };
}
