import { limitsSentence } from '../src/charts/limits';
import { element, withSubscripts } from './dom';
import type { Part } from './view';

/** What the numbers do not say. */
export const limits: Part = {
  id: 'limits',
  inputs: ({ known }) => known.bounds === undefined,
  draw: ({ known }) =>
    known.bounds === undefined ? [] : [element('p', { class: 'faint' }, ...withSubscripts(limitsSentence))],
};
