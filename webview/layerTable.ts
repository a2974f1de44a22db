import { shortNames } from '../src/charts/layerNames';
import { layerSizes } from '../src/charts/layerRows';
import { formatCount, formatNumber, formatPercent, formatQuantity } from '../src/report/number';
import type { LayerReport, PartialReport, Quantity } from '../src/report/report';
import { element } from './dom';
import type { Term } from './explanations';
import { explained } from './tooltip';
import type { Section, View } from './view';

export type Column =
  | 'layer'
  | 'parameters'
  | 'trace'
  | 'ownBound'
  | 'contribution'
  | 'share'
  | 'weightNorm'
  | 'elasticity'
  | 'crossSampleShare';

interface ColumnLook {
  readonly column: Column & Term;
  readonly head: string;
  readonly value: (row: Row) => number | null;
  readonly text: (row: Row) => string;
}

interface Row {
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

const signed = (percent: number): string => `${percent > 0 ? '+' : ''}${formatPercent(percent / 100)}`;

const columns: readonly ColumnLook[] = [
  { column: 'parameters', head: 'parameters', ...plain(({ layer }) => layer.parameters, formatCount) },
  { column: 'trace', head: 'trace', ...quantity(({ layer }) => layer.trace) },
  { column: 'ownBound', head: 'own bound', ...quantity(({ layer }) => layer.blockUpperBound) },
  { column: 'contribution', head: 'contribution', ...quantity(({ layer }) => layer.contribution) },
  {
    column: 'share',
    head: 'share',
    ...plain(
      ({ layer, upperBound }) =>
        upperBound !== null && upperBound > 0 ? layer.contribution.value / upperBound : null,
      formatPercent,
    ),
  },
  { column: 'weightNorm', head: '‖W‖', ...plain(({ layer }) => layer.weightNorm, formatNumber) },
  { column: 'elasticity', head: 'elasticity', ...plain(({ layer }) => layer.elasticity, signed) },
  {
    column: 'crossSampleShare',
    head: 'cross-sample',
    ...plain(
      (row) => row.crossSampleShare,
      (share) => formatPercent(share),
    ),
  },
];

/** What comes after the bound, if at all: no place is kept for it. */
const late: ReadonlySet<Column> = new Set(['elasticity', 'crossSampleShare']);

/** Every number of every layer, sorted by a click on a head. */
export const layerTable: Section = {
  id: 'table',
  inputs: ({ known, state, settings, pending }) => {
    const { layers, bounds, orthogonality } = known;
    const shares = orthogonality?.layers.map((layer) => layer.crossSampleShare);
    return [
      pending,
      state.phase === 'choosing-samples',
      layers,
      bounds?.lambdaMax.upper,
      shares,
      settings.sort,
    ];
  },
  draw: (view) => {
    const { known, state, pending } = view;
    const { layers } = known;
    if (state.phase === 'choosing-samples' || (layers === undefined && !pending)) return [];
    const rows = sorted(rowsOf(known), view.settings.sort);
    // A column of which nothing is known is left out.
    const shown = columns.filter(({ column, value }) =>
      rows.length === 0 ? !late.has(column) : rows.some((row) => value(row) !== null),
    );
    const table = element(
      'table',
      {},
      element('caption', { class: 'hidden' }, 'Layers, with every number of each'),
      element('thead', {}, element('tr', {}, ...heads(shown, view))),
      element(
        'tbody',
        {},
        ...(rows.length === 0
          ? [emptyRow(shown.length)]
          : rows.map((row, place) => tableRow(row, shown, place))),
      ),
    );
    table.addEventListener('keydown', moveByArrow);
    return [
      element(
        'section',
        { class: 'card wide table', 'aria-label': 'All layers' },
        element(
          'div',
          { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Table of layers' },
          table,
        ),
      ),
    ];
  },
};

function rowsOf({ layers, bounds, orthogonality }: PartialReport): Row[] {
  const names = shortNames((layers ?? []).map(({ name }) => name));
  return (layers ?? []).map((layer, index) => ({
    layer,
    index,
    name: names[index] ?? layer.name,
    upperBound: bounds?.lambdaMax.upper.value ?? null,
    crossSampleShare: orthogonality?.layers[index]?.crossSampleShare ?? null,
  }));
}

/** In the order of the column, what is not known last; the order of the forward pass breaks ties. */
function sorted(rows: readonly Row[], { column, descending }: View['settings']['sort']): Row[] {
  const look = columns.find((candidate) => candidate.column === column);
  const value = (row: Row): number | null => (look === undefined ? row.index : look.value(row));
  return rows.toSorted((one, other) => {
    const [left, right] = [value(one), value(other)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return (descending ? right - left : left - right) || one.index - other.index;
  });
}

function heads(shown: readonly ColumnLook[], view: View): HTMLElement[] {
  const { sort } = view.settings;
  const head = (column: Column & Term, caption: string): HTMLElement => {
    const active = sort.column === column;
    const order = active ? (sort.descending ? 'descending' : 'ascending') : 'none';
    const press = element(
      'button',
      { type: 'button', id: `sort-${column}` },
      caption,
      element('span', { class: 'order', 'aria-hidden': 'true' }, active ? (sort.descending ? '▾' : '▴') : ''),
    );
    press.addEventListener('click', () => {
      const descending = active ? !sort.descending : column !== 'layer';
      view.change({ sort: { column, descending } });
    });
    return element('th', { scope: 'col', 'aria-sort': order, class: column }, explained(press, column));
  };
  return [head('layer', 'layer'), ...shown.map(({ column, head: caption }) => head(column, caption))];
}

function tableRow(row: Row, shown: readonly ColumnLook[], place: number): HTMLElement {
  const { layer, index } = row;
  const built = element(
    'tr',
    { 'data-layer': index, id: `row-${index}`, tabindex: place === 0 ? 0 : -1 },
    element(
      'th',
      { scope: 'row' },
      element('span', { class: 'layer-name', title: layer.name }, row.name),
      element('span', { class: 'faint' }, ` ${layer.kind} ${layerSizes(layer)}`),
    ),
    ...shown.map((look) => element('td', { class: look.column }, look.text(row))),
  );
  return built;
}

function emptyRow(count: number): HTMLElement {
  return element('tr', {}, element('td', { class: 'unknown', colspan: count + 1 }, '…'));
}

/** One stop for Tab; the arrow keys go from row to row. */
function moveByArrow(event: KeyboardEvent): void {
  const row = event.target instanceof HTMLTableRowElement ? event.target : null;
  const step = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
  if (row === null || !(step instanceof HTMLTableRowElement)) return;
  event.preventDefault();
  row.tabIndex = -1;
  step.tabIndex = 0;
  step.focus();
}
