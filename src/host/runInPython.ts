import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { commands } from './identifiers';
import { exportedModel, exportScript, makersIn, runScript, type Maker } from './pythonScript';

/** Files that are looked through, and folders that hold other people's. */
const mostFiles = 500;
const others = '**/{node_modules,site-packages,.venv,venv,env,__pycache__,.git,.tox}/**';

/** The part of the Python extension's interface that is used. */
interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(
      path: string,
    ): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

/** A file of weights that a class of the workspace belongs to. */
export interface WeightsToRun {
  readonly weights: string;
  readonly samples: string | null;
  readonly pythonFolder: string;
  readonly log: vscode.LogOutputChannel;
}

/**
 * Makes the model of a file of weights by a class or function of the workspace, exports it, and analyses what was exported.
 * The script is shown, and may be changed, before it runs. Never where the workspace is not trusted: the script runs its code.
 */
export async function runInPython({ weights, samples, pythonFolder, log }: WeightsToRun): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const picked = await pickMaker();
  if (picked === undefined) return;
  const interpreter = await interpreterFor(vscode.Uri.file(weights));
  if (interpreter === undefined || interpreter === '') return;
  const { source, maker } = picked;
  const document = await vscode.workspace.openTextDocument({
    language: 'python',
    content: exportScript({ source, maker, weights, samples, pythonFolder }),
  });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside });
  // It stays until it is answered, while the script is read and changed: a notification is away after seconds.
  const run = {
    label: vscode.l10n.t('Run it with {0}', interpreter),
    detail: vscode.l10n.t(
      'As it stands in the editor. It imports {0}, and importing a script runs it.',
      basename(source),
    ),
  };
  const answer = await vscode.window.showQuickPick([run], {
    title: vscode.l10n.t('Write what {0} takes into the script first', maker.name),
    ignoreFocusOut: true,
  });
  if (answer !== run) return;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Exporting {0}', basename(weights)),
      cancellable: true,
    },
    async (_, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort());
      log.info(`${interpreter} runs:\n${document.getText()}`);
      const tell = (text: string): void => log.info(text.trimEnd());
      await runScript(interpreter, document.getText(), dirname(weights), tell, stop.signal);
    },
  );
  await vscode.commands.executeCommand(commands.analyze, vscode.Uri.file(exportedModel(weights)));
}

async function pickMaker(): Promise<{ readonly source: string; readonly maker: Maker } | undefined> {
  const files = await vscode.workspace.findFiles('**/*.py', others, mostFiles);
  const found = await Promise.all(
    files.map(async (uri) => {
      const text = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
      return makersIn(text).map((maker) => ({
        label: `$(symbol-${maker.kind}) ${maker.name}`,
        description: vscode.workspace.asRelativePath(uri),
        detail: maker.written,
        source: uri.fsPath,
        maker,
      }));
    }),
  );
  const items = found
    .flat()
    .sort((a, b) => Number(a.maker.kind === 'function') - Number(b.maker.kind === 'function'));
  if (items.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('No Python file of this workspace defines a module or a function at its top.'),
    );
    return undefined;
  }
  return vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('The class or function that makes the model of these weights'),
    matchOnDescription: true,
  });
}

/** The interpreter that the Python extension has chosen; without the extension one that is asked for. */
async function interpreterFor(resource: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  if (extension !== undefined) {
    const { environments } = await extension.activate();
    const path = environments?.getActiveEnvironmentPath(resource).path;
    const resolved = path === undefined ? undefined : await environments?.resolveEnvironment(path);
    const executable = resolved?.executable.uri?.fsPath ?? path;
    if (executable !== undefined) return executable;
  }
  return vscode.window.showInputBox({
    title: vscode.l10n.t('The Python that has PyTorch'),
    value: 'python3',
    ignoreFocusOut: true,
  });
}
