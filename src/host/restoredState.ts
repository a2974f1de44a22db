import * as v from 'valibot';
import type { ComputationChoice } from '../report/panelMessages';
import { methods } from '../report/request';

/** The part of what the panel keeps with `setState` that the host has a use for; the rest is the panel's own. */
const savedByPanel = v.object({
  state: v.object({ file: v.string() }),
  computation: v.optional(v.unknown()),
});

const computationChoice = v.object({
  method: v.picklist(methods),
  blocks: v.boolean(),
  scaleAdapted: v.boolean(),
  plane: v.boolean(),
  evaluation: v.boolean(),
});

/** What a panel of an earlier window showed. */
export interface Restored {
  readonly file: string;
  /** null: nothing that can be told was chosen. */
  readonly computation: ComputationChoice | null;
}

/** Reads what the panel kept; null where not even the file can be told. */
export function readRestoredState(saved: unknown): Restored | null {
  const panel = v.safeParse(savedByPanel, saved);
  if (!panel.success) return null;
  const { file } = panel.output.state;
  const computation = v.safeParse(computationChoice, panel.output.computation);
  return {
    file,
    computation: computation.success ? computation.output : null,
  };
}
