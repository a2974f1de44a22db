import type { PanelState } from '../report/panelMessages';
import { AnalysisSession, type SessionParts } from './analysisSession';

/** What became of each model of a queue. */
export interface Outcome {
  readonly file: string;
  readonly phase: PanelState['phase'];
}

/**
 * Analyses models one after the other, without their panels; their reports are kept. One whose report is kept and not old
 * costs nothing, one whose samples are open is left for its panel to ask.
 */
export async function analyseAll(
  files: readonly string[],
  parts: Omit<SessionParts, 'onChange'>,
  onProgress: (file: string, place: number, state: PanelState) => void,
  cancelled: { readonly isCancelled: () => boolean; readonly onCancel: (listener: () => void) => void },
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [place, file] of files.entries()) {
    if (cancelled.isCancelled()) break;
    const session = new AnalysisSession(file, {
      ...parts,
      onChange: (state) => {
        onProgress(file, place, state);
      },
    });
    cancelled.onCancel(() => {
      session.cancel();
    });
    await session.openOrRun(true);
    outcomes.push({ file, phase: session.state.phase });
    session.dispose();
  }
  return outcomes;
}
