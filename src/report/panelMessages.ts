import type { Failure } from './failure';
import type { OpenInput, ShapeChanges } from './inputShapes';
import type { AnalysisRequest, Progress, SampleCandidate } from './request';
import type { PartialReport, Report } from './report';

export type { SampleCandidate } from './request';

/** What the panel shows. The host owns it and sends it whole; the panel only draws it. */
export type PanelState =
  | { readonly phase: 'reading'; readonly file: string }
  | {
      readonly phase: 'choosing-samples';
      readonly file: string;
      readonly facts: PartialReport;
      readonly candidates: readonly SampleCandidate[];
      readonly openInputs: readonly OpenInput[];
    }
  | { readonly phase: 'running'; readonly file: string; readonly progress: Progress }
  | { readonly phase: 'done'; readonly file: string; readonly report: Report; readonly stale: boolean }
  | {
      readonly phase: 'failed';
      readonly file: string;
      readonly failure: Failure;
      /** What was known when it failed. */
      readonly known: PartialReport;
    }
  | { readonly phase: 'cancelled'; readonly file: string; readonly known: PartialReport };

export type SampleChoice =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'browse' }
  | { readonly kind: 'random' };

/** The forms that a report is saved in; only an SVG is drawn by the panel, with the theme's colours. */
export type ExportFormat = 'html' | 'json' | 'csv' | 'svg';

/** What of the computation is chosen in the panel. */
export type ComputationChoice = Pick<
  AnalysisRequest,
  'method' | 'blocks' | 'scaleAdapted' | 'plane' | 'evaluation'
>;

export interface HostToPanel {
  readonly type: 'state';
  readonly state: PanelState;
  /** What the next run will do. */
  readonly computation: ComputationChoice;
}

export type PanelToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'run' }
  | { readonly type: 'cancel' }
  | ({ readonly type: 'compute' } & ComputationChoice)
  | { readonly type: 'change-samples' }
  | { readonly type: 'choose-samples'; readonly choice: SampleChoice; readonly shapes: ShapeChanges }
  | { readonly type: 'export'; readonly format: ExportFormat; readonly svg: string | null }
  /** Of a file of weights: writes what is known of its layers beside it, to be completed in the editor. */
  | { readonly type: 'write-architecture' }
  | { readonly type: 'show-log' };
