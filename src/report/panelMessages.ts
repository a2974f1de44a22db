import type { DetailAnswer, DetailOf } from './detail';
import type { Failure } from './failure';
import type { ShapeChanges } from './inputShapes';
import type { Said } from './form';
import type { Answers, LayersForm } from './layersForm';
import type { PackedBlocks } from './packedBlocks';
import type { ModelInspection, Progress } from './request';
import type { PartialReport, Report } from './report';

export type { SampleCandidate } from './request';

/** A report with when it was finished, in milliseconds since 1970; null: nobody knows. */
export interface Finished {
  readonly report: Report;
  readonly finished: number | null;
}

/** What the panel shows. The host owns it and sends it whole; the panel only draws it. */
export type PanelState =
  | { readonly phase: 'reading'; readonly file: string }
  /** The first page of a model: nothing is computed before somebody asks for it. */
  | { readonly phase: 'overview'; readonly file: string; readonly inspection: ModelInspection }
  | ({ readonly phase: 'choosing-samples'; readonly file: string } & Omit<
      ModelInspection,
      'tensors' | 'outputs'
    >)
  | {
      readonly phase: 'running';
      readonly file: string;
      readonly progress: Progress;
      /** What stands there until the same analysis is done once more; null: another than the last one runs. */
      readonly earlier: Finished | null;
    }
  | ({
      readonly phase: 'done';
      readonly file: string;
      /** Names of the files whose content is no longer what was analysed. */
      readonly changed: readonly string[];
    } & Finished)
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

/** The forms that a report is saved in. */
export const exportFormats = ['html', 'json', 'csv'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** A picture that the panel drew, to be saved: SVG text, or a PNG in base64. */
export interface Picture {
  /** What it shows, as it stands in its file's name: letters and hyphens. */
  readonly name: string;
  readonly format: 'svg' | 'png';
  readonly content: string;
}

/** What the panel of a report and that of a comparison ask alike. */
export type ExportMessage =
  { readonly type: 'picture'; readonly picture: Picture } | { readonly type: 'copy-markdown' };

/** What the form of the panel shows. */
export interface FormState {
  /** What the next run will do. */
  readonly said: Said;
  /** What the model puts out, and its tensors; null: it was not looked at yet. */
  readonly known: Pick<ModelInspection, 'outputs' | 'tensors'> | null;
  /** What a file of weights does not tell of its layers; null: nothing is asked. */
  readonly layers: LayersForm | null;
}

export type HostToPanel =
  | StateMessage
  /** What was asked for of a layer or sample. */
  | { readonly type: 'detail'; readonly of: DetailOf; readonly answer: DetailAnswer };

export interface StateMessage {
  readonly type: 'state';
  readonly state: PanelState;
  /** Those of its report, where these are many: it has none then. */
  readonly blocks: PackedBlocks | null;
  readonly form: FormState;
  /** How the model is called, with its folders where its name repeats; null: as its file. */
  readonly name: string | null;
  /** Whether this is a report from a file, beside which there is no model to analyse. */
  readonly readOnly: boolean;
}

export type PanelToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'run' }
  | { readonly type: 'cancel' }
  /** End the stage of this name alone, and go on with the next. */
  | { readonly type: 'skip'; readonly stage: string }
  /** Analyse in another way; null leaves open again. */
  | { readonly type: 'say'; readonly said: Partial<Said> }
  /** Tell what the model puts out, and its tensors. */
  | { readonly type: 'look' }
  /** Tell of a layer or sample what the report does not hold. */
  | { readonly type: 'detail'; readonly of: DetailOf }
  | { readonly type: 'change-samples' }
  | { readonly type: 'choose-samples'; readonly choice: SampleChoice; readonly shapes: ShapeChanges }
  | { readonly type: 'export'; readonly format: ExportFormat }
  | ExportMessage
  /** Of a file of weights: what was chosen, of which the loss is then told. */
  | { readonly type: 'answer-layers'; readonly answers: Answers }
  /** Analyses with the layers that were chosen. */
  | { readonly type: 'use-layers' }
  /** Makes the model by a class or function of the workspace, in the user's Python. */
  | { readonly type: 'run-python' }
  /** Writes what is known of the layers beside the file, to be completed in the editor. */
  | { readonly type: 'write-architecture' }
  | { readonly type: 'show-log' };
