import type { PanelState, StateMessage } from './panelMessages';
import type { Quantity, Report } from './report';

/** Squared norms of the blocks of hundreds of layers as numbers alone, which a webview gets without writing them out as JSON. */
export interface PackedBlocks {
  /** L. */
  readonly layers: number;
  /** L × L, row-major. */
  readonly values: Float64Array;
  /** Standard errors, L × L; null: all are 0. */
  readonly errors: Float64Array | null;
}

type Blocks = NonNullable<Report['blocks']>;

/** Blocks of no more layers go as they are. */
const fewLayers = 64;

/** The state in two parts, of which the blocks of many layers are one. */
export function packState(state: PanelState): Pick<StateMessage, 'state' | 'blocks'> {
  const blocks = blocksOf(state);
  const rest = withoutManyBlocks(state);
  return { state: rest, blocks: blocks === null || rest === state ? null : packBlocks(blocks) };
}

/** The state without what takes megabytes of it. */
export function withoutManyBlocks(state: PanelState): PanelState {
  return (blocksOf(state)?.length ?? 0) > fewLayers ? withBlocks(state, null) : state;
}

/** The state as it was before it was packed. */
export function unpackState({ state, blocks }: Pick<StateMessage, 'state' | 'blocks'>): PanelState {
  return blocks === null ? state : withBlocks(state, unpackBlocks(blocks));
}

function packBlocks(blocks: Blocks): PackedBlocks {
  const quantities = blocks.flat();
  const isExact = quantities.every(({ standardError }) => standardError === 0);
  return {
    layers: blocks.length,
    values: Float64Array.from(quantities, ({ value }) => value),
    errors: isExact ? null : Float64Array.from(quantities, ({ standardError }) => standardError),
  };
}

function unpackBlocks({ layers, values, errors }: PackedBlocks): Blocks {
  const quantityAt = (at: number): Quantity => ({ value: values[at]!, standardError: errors?.[at] ?? 0 });
  return Array.from({ length: layers }, (_, l) =>
    Array.from({ length: layers }, (_, m) => quantityAt(l * layers + m)),
  );
}

function blocksOf(state: PanelState): Blocks | null {
  if (state.phase === 'done') return state.report.blocks;
  return state.phase === 'running' ? (state.earlier?.report.blocks ?? null) : null;
}

function withBlocks(state: PanelState, blocks: Blocks | null): PanelState {
  if (state.phase === 'done') return { ...state, report: { ...state.report, blocks } };
  if (state.phase !== 'running' || state.earlier === null) return state;
  const { earlier } = state;
  return { ...state, earlier: { ...earlier, report: { ...earlier.report, blocks } } };
}
