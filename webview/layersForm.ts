import { t } from '@vscode/l10n';
import type { LayersForm, TriedLayers } from '../src/report/layersForm';
import { formatNumber } from '../src/report/wording/number';
import { button, dropdown, element } from './dom';
import type { View } from './view';

/** What a file of weights does not tell of its layers, with what each choice gives on the samples. */
export function layersForm(
  { questions, answers, complete, tried, runsPython }: LayersForm,
  { post }: View,
): HTMLElement {
  const answer = (more: Readonly<Record<string, string>>): void =>
    post({ type: 'answer-layers', answers: { ...answers, ...more } });
  return element(
    'div',
    { class: 'layers-form', role: 'group', 'aria-label': t('Layers') },
    element('h2', {}, t('What is between the weights?')),
    ...questions.map(({ id, label, choices }, place) =>
      dropdown(
        `layers-${String(place)}`,
        label,
        [['', t('choose…')], ...choices],
        answers[id] ?? '',
        (value) => answer({ [id]: value }),
      ),
    ),
    element(
      'p',
      { class: 'sentence', role: 'status' },
      tried === null ? t('Trying them on the samples…') : tried.sentence,
    ),
    tried === null || tried.rows.length === 0 ? null : trials(tried.rows, answers, answer),
    element(
      'div',
      { class: 'buttons' },
      button(t('Analyse with these layers'), 'layers-use', () => post({ type: 'use-layers' }), {
        primary: true,
        disabled: !complete,
      }),
      runsPython
        ? button(t('Run in your Python…'), 'layers-python', () => post({ type: 'run-python' }))
        : null,
      button(t('Write them as JSON…'), 'layers-json', () => post({ type: 'write-architecture' })),
    ),
  );
}

function trials(
  rows: readonly TriedLayers[],
  before: LayersForm['answers'],
  answer: (answers: LayersForm['answers']) => void,
): HTMLElement {
  return element(
    'ul',
    { class: 'candidates' },
    ...rows.map(({ answers, caption, loss, accuracy }, place) => {
      const chosen = Object.entries(answers).every(([id, json]) => before[id] === json);
      const share = accuracy === null ? '' : t`, accuracy ${formatNumber(100 * accuracy)} %`;
      return element(
        'li',
        {},
        element(
          'div',
          {},
          element('strong', {}, caption),
          element('span', { class: 'faint' }, t`mean loss ${formatNumber(loss)}${share}`),
        ),
        chosen
          ? element('span', { class: 'faint' }, t('chosen'))
          : button(t('Take'), `layers-take-${String(place)}`, () => answer(answers), {
              label: t`Take ${caption}`,
            }),
      );
    }),
  );
}
