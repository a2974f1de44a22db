import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { reportPage } from '../charts/reportPage';
import { reportCsv } from '../report/csv';
import type { PanelState, PanelToHost } from '../report/panelMessages';
import { partialReportJson } from '../report/savedReport';
import { reportJson } from '../report/schema';
import { saveAs } from './saveAs';

type Export = Extract<PanelToHost, { type: 'export' }>;

/**
 * Asks where to, writes the report of the state there, and offers to open it; a partial one as such, as JSON alone. Throws
 * what writing throws.
 */
export async function exportReport(model: string, state: PanelState, wanted: Export): Promise<void> {
  const content = contentOf(state, wanted);
  if (content === null) return;
  const stem = basename(model).replace(/(\.sharpness-report)?\.[^.]+$/, '');
  const proposed = join(dirname(model), `${stem}.sharpness-report.${wanted.format}`);
  await saveAs(proposed, vscode.l10n.t('Export the report of {0}', basename(model)), content);
}

function contentOf(state: PanelState, wanted: Export): string | null {
  if (state.phase === 'failed' || state.phase === 'cancelled')
    return wanted.format === 'json' ? `${partialReportJson(state.known)}\n` : null;
  if (state.phase !== 'done') return null;
  const { report } = state;
  switch (wanted.format) {
    case 'html':
      return reportPage(report);
    case 'json':
      return `${reportJson(report)}\n`;
    case 'csv':
      return reportCsv(report);
    case 'svg':
      if (wanted.svg === null) throw new Error('The panel sent no drawing.');
      return wanted.svg;
  }
}
