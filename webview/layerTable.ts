import { t } from '@vscode/l10n';
import type { Term } from '../src/charts/explanations';
import {
  columns,
  rowsOf,
  shownColumns,
  type Column,
  type ColumnLook,
  type Row,
} from '../src/charts/layerColumns';
import { tableAdvice } from '../src/report/wording/advice';
import { layerSizes } from '../src/charts/layerRows';
import { element } from './dom';
import { findExplained } from './tooltip';
import { hasNumbers, type Part, type View } from './view';

/** A longer table scrolls in its card, under its head. */
const mostRows = 24;

/** Every number of every layer, sorted by a click on a head. */
export const layerTable: Part = {
  id: 'table',
  inputs: ({ known, state, settings, pending }) => {
    const { layers, bounds, orthogonality } = known;
    const shares = orthogonality?.layers.map((layer) => layer.crossSampleShare);
    return [pending, hasNumbers(state), layers, bounds?.lambdaMax.upper, shares, settings.sort];
  },
  draw: (view) => {
    const { known, state, pending } = view;
    const { layers } = known;
    if (!hasNumbers(state) || (layers === undefined && !pending)) return [];
    const rows = sort(rowsOf(known), view.settings.sort);
    const shown = shownColumns(rows);
    const table = element(
      'table',
      {},
      element('caption', { class: 'hidden' }, t('Layers, with every number of each')),
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
        { class: 'card wide table', 'aria-label': t('All layers') },
        element(
          'div',
          {
            class: rows.length > mostRows ? 'scroller tall' : 'scroller',
            tabindex: 0,
            role: 'region',
            'aria-label': t('Table of layers'),
          },
          table,
        ),
        rows.length === 0 ? null : element('p', { class: 'sentence' }, tableAdvice),
      ),
    ];
  },
};

/** In the order of the column, what is not known last; the order of the forward pass breaks ties. */
function sort(rows: readonly Row[], { column, descending }: View['settings']['sort']): Row[] {
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
    return element('th', { scope: 'col', 'aria-sort': order, class: column }, findExplained(press, column));
  };
  return [head('layer', t('layer')), ...shown.map(({ column, head: caption }) => head(column, caption))];
}

function tableRow(row: Row, shown: readonly ColumnLook[], place: number): HTMLElement {
  const { layer, index } = row;
  const built = element(
    'tr',
    { 'data-layer': index, id: `row-${index}`, tabindex: place === 0 ? 0 : -1 },
    element(
      'th',
      { scope: 'row' },
      // By the keyboard Enter on the row opens the page: a stop for each of five hundred rows would be too many.
      element(
        'button',
        { class: 'layer-name opens', type: 'button', tabindex: -1, title: layer.name },
        row.name,
      ),
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
