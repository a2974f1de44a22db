import { t } from '@vscode/l10n';
import { endsText } from '../report/wording/eigenvaluesText';
import { formatCount, formatNumber, formatPercent, formatQuantity } from '../report/wording/number';
import type { LayerReport, PartialReport, Quantity } from '../report/report';
import type { Term } from './explanations';
import { shortNames } from './layerNames';

export type Column =
  | 'layer'
  | 'parameters'
  | 'sharpestShare'
  | 'layerLambdaMax'
  | 'trace'
  | 'ownBound'
  | 'contribution'
  | 'share'
  | 'weightNorm'
  | 'elasticity'
  | 'crossSampleShare';

/** A column of numbers: its head, and what it says of a layer. */
export interface ColumnLook {
  readonly column: Column & Term;
  readonly head: string;
  readonly value: (row: Row) => number | null;
  readonly text: (row: Row) => string;
}

/** What the columns are made from. */
export interface Row {
  readonly layer: LayerReport;
  readonly index: number;
  /** As it is shown. */
  readonly name: string;
  readonly upperBound: number | null;
  readonly crossSampleShare: number | null;
}

const quantity = (of: (row: Row) => Quantity | null): Pick<ColumnLook, 'value' | 'text'> => ({
  value: (row) => of(row)?.value ?? null,
  text: (row) => {
    const found = of(row);
    return found === null ? '–' : formatQuantity(found);
  },
});

const plain = (
  of: (row: Row) => number | null,
  format: (value: number) => string,
): Pick<ColumnLook, 'value' | 'text'> => ({
  value: of,
  text: (row) => {
    const found = of(row);
    return found === null ? '–' : format(found);
  },
});

/** "+1.3 %", of per cent. */
export function signed(percent: number): string {
  return `${percent > 0 ? '+' : ''}${formatPercent(percent / 100)}`;
}

export const columns: readonly ColumnLook[] = [
  { column: 'parameters', head: t('parameters'), ...plain(({ layer }) => layer.parameters, formatCount) },
  {
    column: 'sharpestShare',
    head: t('sharpest'),
    // A report of an earlier version, which the panel kept, lacks the field.
    ...plain(
      ({ layer }) => (typeof layer.sharpestShare === 'number' ? layer.sharpestShare : null),
      formatPercent,
    ),
  },
  { column: 'trace', head: t('trace'), ...quantity(({ layer }) => layer.trace) },
  {
    column: 'layerLambdaMax',
    head: t('own λ_max'),
    value: ({ layer }) => layer.lambdaMax?.upper ?? null,
    text: ({ layer }) => (layer.lambdaMax ? endsText(layer.lambdaMax) : '–'),
  },
  { column: 'ownBound', head: t('own bound'), ...quantity(({ layer }) => layer.blockUpperBound) },
  { column: 'contribution', head: t('contribution'), ...quantity(({ layer }) => layer.contribution) },
  {
    column: 'share',
    head: t('share'),
    ...plain(
      ({ layer, upperBound }) =>
        upperBound !== null && upperBound > 0 ? layer.contribution.value / upperBound : null,
      formatPercent,
    ),
  },
  { column: 'weightNorm', head: '‖W‖', ...plain(({ layer }) => layer.weightNorm, formatNumber) },
  { column: 'elasticity', head: t('elasticity'), ...plain(({ layer }) => layer.elasticity, signed) },
  {
    column: 'crossSampleShare',
    head: t('cross-sample'),
    ...plain(
      (row) => row.crossSampleShare,
      (share) => formatPercent(share),
    ),
  },
];

/** What comes after the bound, if at all: no place is kept for it. */
const late: ReadonlySet<Column> = new Set([
  'sharpestShare',
  'layerLambdaMax',
  'elasticity',
  'crossSampleShare',
]);

/** One row for each layer, in the order of the forward pass. */
export function rowsOf({ layers, bounds, orthogonality }: PartialReport): Row[] {
  const names = shortNames((layers ?? []).map(({ name }) => name));
  return (layers ?? []).map((layer, index) => ({
    layer,
    index,
    name: names[index] ?? layer.name,
    upperBound: bounds?.lambdaMax.upper.value ?? null,
    crossSampleShare: orthogonality?.layers[index]?.crossSampleShare ?? null,
  }));
}

/** The columns of a table of these rows: all but those that come late, or never, and of which nothing is known. */
export function shownColumns(rows: readonly Row[]): ColumnLook[] {
  return columns.filter(({ column, value }) => !late.has(column) || rows.some((row) => value(row) !== null));
}
