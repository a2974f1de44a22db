import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { reportMarkdown } from '../charts/reportMarkdown';
import { reportPage } from '../charts/reportPage';
import { reportCsv } from '../report/csv';
import type { ExportFormat, ExportMessage, PanelState, PanelToHost, Picture } from '../report/panelMessages';
import { partialReportJson } from '../report/savedReport';
import { reportJson } from '../report/schema';
import { saveAs } from './saveAs';

/** What takes a report out of its panel. */
export type Export = Extract<PanelToHost, { type: 'export' }> | ExportMessage;

/**
 * Saves the report of the state, or a picture of it, or copies it as Markdown; a partial one as such, as JSON alone.
 * Throws what writing throws.
 */
export async function exportReport(model: string, state: PanelState, wanted: Export): Promise<void> {
  const stem = `${basename(model).replace(/(\.sharpness-report)?\.[^.]+$/, '')}.sharpness`;
  if (wanted.type === 'picture') {
    await savePicture(model, stem, wanted.picture);
  } else if (wanted.type === 'copy-markdown') {
    if (state.phase === 'done') await vscode.env.clipboard.writeText(reportMarkdown(state.report));
  } else {
    const content = contentOf(state, wanted.format);
    if (content === null) return;
    const proposed = join(dirname(model), `${stem}-report.${wanted.format}`);
    await saveAs(proposed, vscode.l10n.t('Export the report of {0}', basename(model)), content);
  }
}

/** Saves a picture beside the file that it is of. Throws what writing throws. */
export async function savePicture(beside: string, stem: string, picture: Picture): Promise<void> {
  const { name, format, content } = picture;
  const proposed = join(dirname(beside), `${stem}-${name}.${format}`);
  const bytes = format === 'png' ? Buffer.from(content, 'base64') : content;
  await saveAs(proposed, vscode.l10n.t('Save the picture'), bytes);
}

function contentOf(state: PanelState, format: ExportFormat): string | null {
  if (state.phase === 'failed' || state.phase === 'cancelled')
    return format === 'json' ? `${partialReportJson(state.known)}\n` : null;
  if (state.phase !== 'done') return null;
  const { report } = state;
  switch (format) {
    case 'html':
      return reportPage(report);
    case 'json':
      return `${reportJson(report)}\n`;
    case 'csv':
      return reportCsv(report);
  }
}
