import { element, type Child } from './dom';
import type { Term } from '../src/charts/explanations';
import { hint } from './tooltip';

/** A titled box with its question mark. */
export function card(
  title: string,
  term: Term | null,
  className: string,
  ...children: readonly Child[]
): HTMLElement {
  return element(
    'section',
    { class: `card ${className}`, 'aria-label': title },
    element('h2', {}, title, term === null ? null : hint(term, title)),
    ...children,
  );
}

/** Keeps the place of what is not known yet. */
export function unknown(height: number): HTMLElement {
  const place = element('div', { class: 'unknown' }, '…');
  place.style.minHeight = `${height}px`;
  return place;
}
