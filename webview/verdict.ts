import { t } from '@vscode/l10n';
import { element, withSubscripts } from './dom';
import { hint } from './tooltip';
import { hasNumbers, type Part } from './view';

/** What the numbers mean, in one line above them; its place is kept until it is known. */
export const verdict: Part = {
  id: 'verdict',
  inputs: ({ known, pending, state }) => [pending, state.phase, known.verdict],
  draw: ({ known, pending, state }) => {
    const found = known.verdict ?? null;
    if (!hasNumbers(state) || (found === null && !pending)) return [];
    return [
      element(
        'section',
        { class: `card verdict ${found?.kind ?? 'unknown'}`, 'aria-label': t('What it means') },
        element('h2', {}, t('What it means'), hint('verdict', t('What it means'))),
        element('p', {}, ...withSubscripts(found?.text ?? '…')),
      ),
    ];
  },
};
