import { endsText } from './wording/eigenvaluesText';
import { formatCount, formatNumber, formatPercent, formatQuantity } from './wording/number';
import { printable } from './printable';
import type { LayerReport, Quantity, Report } from './report';
import { setting } from './wording/settings';

/** Columns that only some reports have. */
interface Optional {
  readonly shares: boolean;
  readonly own: boolean;
  readonly elasticities: boolean;
}

function layerCells(layer: LayerReport, upper: number, { shares, own, elasticities }: Optional): string[] {
  const optional = (quantity: Quantity | null): string =>
    quantity === null ? '–' : formatQuantity(quantity);
  return [
    printable(layer.name),
    printable(layer.kind),
    `${formatCount(layer.inputs)} → ${formatCount(layer.outputs)}`,
    formatCount(layer.parameters),
    ...(shares ? [layer.sharpestShare === null ? '–' : formatPercent(layer.sharpestShare)] : []),
    ...(own ? [layer.lambdaMax === null ? '–' : endsText(layer.lambdaMax)] : []),
    formatQuantity(layer.trace),
    formatQuantity(layer.contribution),
    upper > 0 ? formatPercent(layer.contribution.value / upper) : '–',
    optional(layer.ownCurvature),
    optional(layer.coupling),
    formatNumber(layer.weightNorm),
    ...(elasticities ? [layer.elasticity === null ? '–' : formatNumber(layer.elasticity)] : []),
  ];
}

function layerHead({ shares, own, elasticities }: Optional): string[] {
  const always = ['Trace', 'Contribution', 'Share', 'Own curvature', 'Coupling', '‖W‖'];
  const sizes = ['Layer', 'Kind', 'Shape', 'Parameters'];
  return [
    ...sizes,
    ...(shares ? ['Sharpest'] : []),
    ...(own ? ['Own λ_max'] : []),
    ...always,
    ...(elasticities ? ['Elasticity'] : []),
  ];
}
const leftAligned = 3;

/** The layers as lines of a table, with what its heads mean below. */
export function layerTable(report: Report): string[] {
  const upper = report.bounds.lambdaMax.upper.value;
  const elasticities = report.layers.some(({ elasticity }) => elasticity !== null);
  const shares = report.layers.some(({ sharpestShare }) => sharpestShare !== null);
  const own = report.layers.some(({ lambdaMax }) => lambdaMax !== null);
  const head = layerHead({ shares, own, elasticities });
  const rows = [
    head,
    ...report.layers.map((layer) => layerCells(layer, upper, { shares, own, elasticities })),
  ];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < leftAligned ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const notes = [
    ...(shares
      ? ['Sharpest: ‖v_l‖², the share of the sharpest direction; λ_max = Σ λ_max·‖v_l‖², no part negative.']
      : []),
    ...(own
      ? ['Own λ_max: of the layer’s own block of the Hessian, as if all other layers were frozen.']
      : []),
    ...contributionNotes(report),
    ...(elasticities
      ? ["Elasticity: per cent by which the bound changes when the layer's weight grows by 1 %."]
      : []),
  ];
  if (report.layers.some((layer) => layer.contribution.value < 0)) {
    notes.push(
      "A negative contribution lowers the bound: the layer's trace is negative, or it takes more from the spread of the",
      "eigenvalues than the layer's curvature adds to it.",
    );
  }
  return [...lines, ...notes];
}

/** What the contributions sum to, and what divides a layer's row where the blocks are known. */
function contributionNotes({ method, layers }: Report): string[] {
  const bound = method === 'estimate' ? 'estimate of the upper bound' : 'upper bound';
  const sum = `Contribution: additive share of the ${bound} on λ_max; the contributions sum to it.`;
  if (layers.every(({ ownCurvature, coupling }) => ownCurvature === null && coupling === null)) {
    return [
      sum,
      `Own curvature and coupling need the norms of the layers' blocks, which were not asked for (${setting('blocks')}).`,
    ];
  }
  return [`${sum} Own curvature: ‖H_ll‖_F²;`, 'coupling: Σ ‖H_lm‖_F² over the other layers m.'];
}
