import type { DetailAnswer, DetailOf } from '../src/report/detail';
import type { FormState, PanelState, PanelToHost } from '../src/report/panelMessages';
import type { PartialReport, Training } from '../src/report/report';
import type { Typed } from './chipMenu';
import type { Column } from '../src/charts/layerColumns';

/** How this reader has set the panel up; kept over a reload. */
export interface Settings {
  readonly sort: { readonly column: Column; readonly descending: boolean };
  /** The layer that the cards of units and of samples show. */
  readonly layer: number;
  /** How the reader says that the model is trained; null: as the report says. */
  readonly training: Training | null;
  /** The layer or sample whose page is open; null: the report is. */
  readonly page: DetailOf | null;
  readonly exportOpen: boolean;
  /** The chip whose menu is open, with what was typed there; null: none is. */
  readonly menu: { readonly chip: string; readonly typed: Typed } | null;
}

export const initialSettings: Settings = {
  sort: { column: 'layer', descending: false },
  layer: 0,
  training: null,
  page: null,
  exportOpen: false,
  menu: null,
};

/** What a part of the panel is drawn from. */
export interface View {
  readonly state: PanelState;
  readonly known: PartialReport;
  /** Whether what is not known yet may still come: its place is then kept. */
  readonly pending: boolean;
  readonly settings: Settings;
  readonly form: FormState;
  readonly name: string | null;
  /** Whether it is a report from a file, with no model to analyse. */
  readonly readOnly: boolean;
  /** What the host told of the page that is open; null: nothing yet. */
  readonly detail: DetailAnswer | null;
  readonly post: (message: PanelToHost) => void;
  readonly change: (settings: Partial<Settings>) => void;
}

/** The part of the report that a state carries. */
export function knownOf(state: PanelState): PartialReport {
  switch (state.phase) {
    case 'reading':
      return {};
    case 'overview':
      return state.inspection.facts;
    case 'choosing-samples':
      return state.facts;
    case 'running':
      return state.earlier?.report ?? state.progress.report;
    case 'done':
      return state.report;
    case 'failed':
    case 'cancelled':
      return state.known;
  }
}

export function isPending(state: PanelState): boolean {
  return state.phase === 'reading' || (state.phase === 'running' && state.earlier === null);
}

/** Whether the numbers of a report have a place: not while something is asked before. */
export function hasNumbers({ phase }: PanelState): boolean {
  return phase !== 'choosing-samples' && phase !== 'overview';
}

/** A part of the panel: what it is drawn from, and how; it is drawn again only when that has changed. */
export interface Part {
  readonly id: string;
  readonly inputs: (view: View) => unknown;
  readonly draw: (view: View) => (Node | null)[];
}
