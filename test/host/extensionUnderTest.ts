import * as vscode from 'vscode';
import type { ModelSharpness } from '../../src/extension';
import type { PanelState } from '../../src/report/panelMessages';

const id = 'model-sharpness.model-sharpness';
const panelViewType = 'modelSharpness.panel';

export async function activated(): Promise<ModelSharpness> {
  const extension = vscode.extensions.getExtension<ModelSharpness>(id);
  if (extension === undefined) throw new Error(`VS Code did not load ${id}.`);
  return extension.activate();
}

/** A file of the workspace, which is a copy of examples/. */
export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('The tests run in a workspace with a folder.');
  return vscode.Uri.joinPath(folder.uri, name);
}

export async function analyze(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('model-sharpness.analyze', uri, [uri]);
}

/** What was analysed before is computed again. */
export async function clearKept(): Promise<void> {
  await vscode.commands.executeCommand('model-sharpness.clearKept');
}

/** Waits; the test's own limit ends it. */
export async function until<T>(condition: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Phase = PanelState['phase'];

type StateOf<P extends Phase> = Extract<PanelState, { phase: P }>;

/**
 * The state of a model's panel, once it is in the phase and as wanted. A failure that came since the call ends the wait
 * with its sentence.
 */
export async function shown<P extends Phase>(
  uri: vscode.Uri,
  phase: P,
  isWanted: (state: StateOf<P>) => boolean = () => true,
): Promise<StateOf<P>> {
  const { states } = await activated();
  const stateNow = (): PanelState | undefined => states().find(({ file }) => file === uri.fsPath);
  const before = stateNow();
  return until(() => {
    const state = stateNow();
    if (state !== before && state?.phase === 'failed' && phase !== 'failed')
      throw new Error(state.failure.message);
    if (state?.phase !== phase) return undefined;
    const found = state as StateOf<P>;
    return isWanted(found) ? found : undefined;
  });
}

export function panelTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(panelViewType));
}

/** A panel's tab appears a little after the panel: what is not there yet is closed in the next round. */
export async function closePanels(): Promise<void> {
  const { states } = await activated();
  await until(async () => {
    await vscode.window.tabGroups.close([...panelTabs()]);
    return states().length === 0 ? true : undefined;
  });
}
