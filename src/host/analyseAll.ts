import * as vscode from 'vscode';
import type { PanelState } from '../report/panelMessages';
import { analyseAll } from './analysisQueue';
import type { SessionParts } from './analysisSession';

/** Analyses models in one queue, with a notification that tells how far it is and can be cancelled, and a sentence at the end. */
export async function analyseAllWithProgress(
  files: readonly string[],
  parts: Omit<SessionParts, 'onChange'>,
): Promise<void> {
  const outcomes = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Analyzing the sharpness of {0} models', files.length),
      cancellable: true,
    },
    (progress, token) => {
      let told = -1;
      return analyseAll(
        files,
        parts,
        (file, place) => {
          if (place === told) return;
          told = place;
          progress.report({
            message: vscode.l10n.t(
              '{0} of {1}: {2}',
              place + 1,
              files.length,
              vscode.workspace.asRelativePath(file),
            ),
            increment: place === 0 ? 0 : 100 / files.length,
          });
        },
        {
          isCancelled: () => token.isCancellationRequested,
          onCancel: (listener) => {
            token.onCancellationRequested(listener);
          },
        },
      );
    },
  );
  const count = (phase: PanelState['phase']): number =>
    outcomes.filter((each) => each.phase === phase).length;
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      '{0} of {1} models have their report; {2} need their samples chosen, {3} cannot be analysed as they are. Open one to see why.',
      count('done'),
      files.length,
      count('choosing-samples'),
      count('failed'),
    ),
  );
}
