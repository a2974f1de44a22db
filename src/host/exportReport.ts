import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { reportPage } from '../charts/reportPage';
import { atomicWrite } from '../files/atomicWrite';
import { reportCsv } from '../report/csv';
import type { ExportFormat, PanelState, PanelToHost } from '../report/panelMessages';
import { partialReportJson } from '../report/savedReport';
import { reportJson } from '../report/schema';

type Export = Extract<PanelToHost, { type: 'export' }>;

const formatNames: Readonly<Record<ExportFormat, string>> = {
  html: 'HTML',
  json: 'JSON',
  csv: 'CSV',
  svg: 'SVG',
};

/**
 * Asks where to, writes the report of the state there, and offers to open it; a partial one as such, as JSON alone. Throws
 * what writing throws.
 */
export async function exportReport(model: string, state: PanelState, wanted: Export): Promise<void> {
  const content = contentOf(state, wanted);
  if (content === null) return;
  const stem = basename(model).replace(/(\.sharpness-report)?\.[^.]+$/, '');
  const name = `${stem}.sharpness-report.${wanted.format}`;
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(dirname(model), name)),
    filters: { [formatNames[wanted.format]]: [wanted.format] },
    title: vscode.l10n.t('Export the report of {0}', basename(model)),
  });
  if (target === undefined) return;
  if (target.scheme === 'file') await atomicWrite(target.fsPath, content);
  else await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(content));
  const open = vscode.l10n.t('Open');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('The report was saved as {0}.', basename(target.path)),
    open,
  );
  if (answer === open) await vscode.commands.executeCommand('vscode.open', target);
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
