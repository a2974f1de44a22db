import { t } from '@vscode/l10n';
import type { Term } from './explanations';

/**
 * What a card holds, as data: the panel makes nodes of it and the page HTML text, so that a section is written once for
 * both. Text from a file stays text in either.
 */
export type Content = string | Tag | Drawing | Chart | Place | Choice | Numbers;

type Attributes = Readonly<Record<string, string | number | undefined>>;

export interface Tag {
  readonly kind: 'tag';
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly Content[];
  /** What is explained where it is pointed at. */
  readonly term?: Term;
}

/** A drawing of a size of its own, as SVG text. */
export interface Drawing {
  readonly kind: 'drawing';
  readonly svg: string;
}

/** A chart that is drawn for the width it gets; `id` prefixes the ids in it. */
export interface Chart {
  readonly kind: 'chart';
  readonly draw: (options: { readonly id: string; readonly width: number }) => string;
  /** Pixels that are kept free before it is there. */
  readonly height: number;
  /** Pixels on a page, which narrower windows shrink. */
  readonly pageWidth: number;
  /** Pixels that it never exceeds. */
  readonly widest?: number;
}

/** A chart in the places that are kept for it. */
export function chart(place: Omit<Chart, 'kind' | 'draw'>, draw: Chart['draw']): Chart {
  return { kind: 'chart', draw, ...place };
}

/** The place of something that is not known yet. */
export interface Place {
  readonly kind: 'place';
  readonly height: number;
}

/** The same of several layers: the panel shows the one that is chosen, the page those that weigh most side by side. */
export interface Choice {
  readonly kind: 'choice';
  readonly layers: readonly {
    readonly index: number;
    readonly name: string;
    readonly content: readonly Content[];
  }[];
}

/** What a chart shows as a table, folded: the panel makes its rows when it is opened. */
export interface Numbers {
  readonly kind: 'numbers';
  readonly id: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
}

/** What opens the table behind a chart. */
export const numbersWord = t('The numbers');

/** The table behind a chart, in a region that scrolls. */
export function numbersTable({ caption, head, rows }: Numbers): Tag {
  const region = { class: 'scroller tall', tabindex: 0, role: 'region', 'aria-label': caption };
  return tag('div', region, table({ class: 'numbers' }, head, rows(), caption));
}

export function tag(name: string, attributes: Attributes, ...children: readonly Content[]): Tag {
  return { kind: 'tag', name, attributes, children };
}

export function sentence(...children: readonly Content[]): Tag {
  return tag('p', { class: 'sentence' }, ...children);
}

/** A number with its name, which is explained. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly term: Term;
}

export function factList(facts: readonly Fact[]): Tag {
  const rows = facts.map(({ name, value, term }) =>
    tag('div', {}, tag('dt', {}, { ...tag('span', {}, name), term }), tag('dd', {}, value)),
  );
  return tag('dl', { class: 'facts' }, ...rows);
}

/** A table of a head and rows, the first cell of each row its own head. */
export function table(
  attributes: Attributes,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption: string,
): Tag {
  return tag(
    'table',
    attributes,
    tag('caption', { class: 'hidden' }, caption),
    tag('thead', {}, tag('tr', {}, ...head.map((each) => tag('th', { scope: 'col' }, each)))),
    tag(
      'tbody',
      {},
      ...rows.map(([first = '', ...cells]) =>
        tag('tr', {}, tag('th', { scope: 'row' }, first), ...cells.map((cell) => tag('td', {}, cell))),
      ),
    ),
  );
}
