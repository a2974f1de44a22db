import { limitsSentence } from '../src/charts/limits';
import { element, withSubscripts } from './dom';
import type { Section } from './view';

/** What the numbers do not say. */
export const limits: Section = {
  id: 'limits',
  inputs: ({ known }) => known.bounds === undefined,
  draw: ({ known }) =>
    known.bounds === undefined ? [] : [element('p', { class: 'faint' }, ...withSubscripts(limitsSentence))],
};
