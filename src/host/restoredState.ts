import * as v from 'valibot';
import { methods, type ComputationChoice } from '../report/request';

/** The part of what the panel keeps with `setState` that the host has a use for; the rest is the panel's own. */
const savedByPanel = v.object({
  state: v.object({ file: v.string() }),
  form: v.optional(v.object({ said: v.unknown() })),
});

const numberOrNull = v.nullable(v.number());

const computationChoice = v.object({
  method: v.picklist(methods),
  precision: v.number(),
  dtype: v.picklist(['auto', 'float64', 'float32']),
  blocks: v.boolean(),
  scaleAdapted: v.boolean(),
  plane: v.boolean(),
  evaluation: v.boolean(),
  top: numberOrNull,
  timeLimit: numberOrNull,
  seed: v.number(),
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
  const computation = v.safeParse(computationChoice, panel.output.form?.said);
  return {
    file,
    computation: computation.success ? computation.output : null,
  };
}
