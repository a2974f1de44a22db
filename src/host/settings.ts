import * as vscode from 'vscode';
import { requestDefaults, type AnalysisRequest } from '../report/request';
import { settingsSection } from './identifiers';

const gibibyte = 1024 ** 3;

/** The part of a request that the user's settings decide, as they are now; what makes no sense counts as not set. */
export function requestSettings(): Pick<AnalysisRequest, 'threads' | 'memoryBudget'> {
  const settings = vscode.workspace.getConfiguration(settingsSection);
  const threads = settings.get<unknown>('threads');
  const memory = settings.get<unknown>('memoryBudget');
  return {
    threads:
      typeof threads === 'number' && Number.isInteger(threads) && threads > 0
        ? threads
        : requestDefaults.threads,
    memoryBudget:
      typeof memory === 'number' && Number.isFinite(memory) && memory > 0
        ? Math.round(memory * gibibyte)
        : requestDefaults.memoryBudget,
  };
}

/** One glob of everything that `modelSharpness.exclude` switches on, or undefined where it is empty. */
export function excludedFiles(): string | undefined {
  const patterns = vscode.workspace.getConfiguration(settingsSection).get<unknown>('exclude');
  if (typeof patterns !== 'object' || patterns === null) return undefined;
  const active = Object.entries(patterns)
    .filter(([, on]) => on === true)
    .map(([pattern]) => pattern);
  return active.length > 1 ? `{${active.join(',')}}` : active[0];
}

export function affectsModels(event: vscode.ConfigurationChangeEvent): boolean {
  return (
    event.affectsConfiguration(`${settingsSection}.exclude`) || event.affectsConfiguration('files.exclude')
  );
}
