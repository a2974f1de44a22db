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
import { formatCount } from '../src/report/wording/number';
import { tableAdvice } from '../src/report/wording/advice';
import { layerSizes } from '../src/charts/layerRows';
import { button, element } from './dom';
import { findExplained } from './tooltip';
import { hasNumbers, type Part, type View } from './view';

/** A longer table scrolls in its card, under its head. */
const mostRows = 24;

/** Of more layers the first rows are shown until all are asked for: at every sort the browser lays out all that are there. */
const mostLayers = 100;

/** Every number of every layer, sorted by a click on a head. */
export const layerTable: Part = {
  id: 'table',
  // Not the order: another one moves the rows that are there.
  inputs: ({ known, state, pending }) => {
    const { layers, bounds, orthogonality } = known;
    const shares = orthogonality?.layers.map((layer) => layer.crossSampleShare);
    return [pending, hasNumbers(state), layers, bounds?.lambdaMax.upper, shares];
  },
  draw: (view) => {
    const { known, state, pending } = view;
    const { layers } = known;
    if (!hasNumbers(state) || (layers === undefined && !pending)) return [];
    const rows = rowsOf(known);
    const shown = shownColumns(rows);
    const body = element('tbody', {});
    const built = rows.map((row) => ({ row, line: tableRow(row, shown) }));
    let most = rows.length > mostLayers ? mostRows : rows.length;
    let current = view.settings.sort;
    const arrange = (order: View['settings']['sort']): void => {
      current = order;
      const sorted = sort(built, order).slice(0, most);
      for (const [place, { line }] of sorted.entries()) line.tabIndex = place === 0 ? 0 : -1;
      body.replaceChildren(...sorted.map(({ line }) => line));
      for (const { mark } of heads) mark(order);
    };
    const heads = [{ column: 'layer', head: t('layer') } as const, ...shown].map(({ column, head }) =>
      tableHead(column, head, () => {
        const descending = current.column === column ? !current.descending : column !== 'layer';
        arrange({ column, descending });
        view.change({ sort: { column, descending } });
      }),
    );
    arrange(current);
    if (rows.length === 0) body.append(emptyRow(shown.length));
    const table = element(
      'table',
      {},
      element('caption', { class: 'hidden' }, t('Layers, with every number of each')),
      element('thead', {}, element('tr', {}, ...heads.map(({ cell }) => cell))),
      body,
    );
    table.addEventListener('keydown', moveByArrow);
    const all = button(t`Show all ${formatCount(rows.length)} layers`, 'all-layers', () => {
      most = rows.length;
      arrange(current);
      all.remove();
      // The focus goes on where the rows do.
      body.querySelectorAll('tr')[mostRows]?.focus();
    });
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
        rows.length === most ? null : all,
        rows.length === 0 ? null : element('p', { class: 'sentence' }, tableAdvice),
      ),
    ];
  },
};

/** In the order of the column, what is not known last; the order of the forward pass breaks ties. */
function sort<Built extends { readonly row: Row }>(
  rows: readonly Built[],
  { column, descending }: View['settings']['sort'],
): Built[] {
  const look = columns.find((candidate) => candidate.column === column);
  const value = (row: Row): number | null => (look === undefined ? row.index : look.value(row));
  return rows.toSorted(({ row: one }, { row: other }) => {
    const [left, right] = [value(one), value(other)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return (descending ? right - left : left - right) || one.index - other.index;
  });
}

/** A head that sorts when it is pressed, and shows whether the rows are in its order. */
function tableHead(
  column: Column & Term,
  caption: string,
  press: () => void,
): { readonly cell: HTMLElement; readonly mark: (order: View['settings']['sort']) => void } {
  const arrow = element('span', { class: 'order', 'aria-hidden': 'true' });
  const pressed = element('button', { type: 'button', id: `sort-${column}` }, caption, arrow);
  pressed.addEventListener('click', press);
  const cell = element('th', { scope: 'col', class: column }, findExplained(pressed, column));
  const mark = (order: View['settings']['sort']): void => {
    const active = order.column === column;
    cell.ariaSort = active ? (order.descending ? 'descending' : 'ascending') : 'none';
    arrow.textContent = active ? (order.descending ? '▾' : '▴') : '';
  };
  return { cell, mark };
}

function tableRow(row: Row, shown: readonly ColumnLook[]): HTMLElement {
  const { layer, index } = row;
  const built = element(
    'tr',
    { 'data-layer': index, id: `row-${index}`, tabindex: -1 },
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
