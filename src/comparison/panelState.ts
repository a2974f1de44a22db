import type { Failure } from '../report/failure';
import type { ExportMessage } from '../report/panelMessages';
import type { Training } from '../report/report';
import type { Comparison } from './schema';

/** What the panel of a comparison shows. The host owns it and sends it whole; the panel only draws it. */
export interface ComparisonState {
  readonly phase: 'reading' | 'running' | 'done' | 'cancelled' | 'failed';
  /** The rows that are ready. */
  readonly comparison: Comparison;
  /** The names of those that are not. */
  readonly waiting: readonly string[];
  /** What is compared: models, saved reports, folders. */
  readonly files: readonly string[];
  /** How the models are trained, as it was said here; null: as their files say. */
  readonly training: Training | null;
  /** The folder whose new checkpoints join, or null; and whether they do now. */
  readonly folder: string | null;
  readonly following: boolean;
  /** What is to be said of the choice. */
  readonly notes: readonly string[];
  /** Why nothing is compared; null where something is. */
  readonly failure: Failure | null;
}

/** How far the row is that is computed now. */
export interface ComparisonProgress {
  readonly name: string;
  readonly stage: string;
  /** 0 to 1 over all rows that were asked for. */
  readonly fraction: number;
}

export type HostToComparison =
  | { readonly type: 'comparison'; readonly state: ComparisonState }
  | { readonly type: 'progress'; readonly progress: ComparisonProgress };

/** What the webview keeps over a reload of the window. */
export type SavedComparison = Pick<ComparisonState, 'files' | 'folder'>;

export const comparisonExports = ['html', 'json'] as const;

export type ComparisonToHost =
  | { readonly type: 'ready' | 'cancel' | 'run' | 'follow' | 'stop-following' | 'show-log' }
  | { readonly type: 'train'; readonly training: Training }
  | { readonly type: 'export'; readonly format: (typeof comparisonExports)[number] }
  | ExportMessage;
