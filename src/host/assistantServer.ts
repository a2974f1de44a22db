import { join } from 'node:path';
import * as vscode from 'vscode';
import { assistantServerId } from './identifiers';

/** Tells the editor's assistant of the server that answers it: the command line's own, on the editor's Node. */
export function registerAssistantServer({ extension }: vscode.ExtensionContext): vscode.Disposable {
  return vscode.lm.registerMcpServerDefinitionProvider(assistantServerId, {
    onDidChangeMcpServerDefinitions: vscode.workspace.onDidGrantWorkspaceTrust,
    // A sidecar of a folder that nobody trusts may name files anywhere.
    provideMcpServerDefinitions: () => (vscode.workspace.isTrusted ? [assistantServer(extension)] : []),
  });
}

/** How the server is started; paths that the assistant names are relative to the workspace. */
export function assistantServer({
  extensionPath,
  packageJSON,
}: Pick<vscode.Extension<unknown>, 'extensionPath' | 'packageJSON'>): vscode.McpStdioServerDefinition {
  const { displayName, version } = packageJSON as { readonly displayName: string; readonly version: string };
  const definition = new vscode.McpStdioServerDefinition(
    displayName,
    process.execPath,
    [join(extensionPath, 'dist', 'cli.js'), 'mcp'],
    { ELECTRON_RUN_AS_NODE: '1' },
    version,
  );
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder !== undefined) definition.cwd = folder;
  return definition;
}
