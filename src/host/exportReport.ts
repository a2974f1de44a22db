import { basename, dirname, extname, join } from 'node:path';
import * as vscode from 'vscode';
import { reportPage } from '../charts/reportPage';
import { atomicWrite } from '../files/atomicWrite';
import { reportCsv } from '../report/csv';
import type { ExportFormat, PanelToHost } from '../report/panelMessages';
import type { Report } from '../report/report';
import { reportJson } from '../report/schema';

type Export = Extract<PanelToHost, { type: 'export' }>;

const formatNames: Readonly<Record<ExportFormat, string>> = {
  html: 'HTML',
  json: 'JSON',
  csv: 'CSV',
  svg: 'SVG',
};

/** Asks where to, writes the report there, and offers to open it. Throws what writing throws. */
export async function exportReport(model: string, report: Report, wanted: Export): Promise<void> {
  const content = contentOf(report, wanted);
  const name = `${basename(model, extname(model))}-sharpness.${wanted.format}`;
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

function contentOf(report: Report, wanted: Export): string {
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
