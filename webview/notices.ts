import { t } from '@vscode/l10n';
import type { Failure } from '../src/report/failure';
import type { PanelState, SampleChoice } from '../src/report/panelMessages';
import { button, element } from './dom';
import { layersForm } from './layersForm';
import { shapeFields } from './shapeFields';
import type { Part, View } from './view';

/** What stands above the numbers: a failure in their place, the choice of samples before them, warnings about them. */
export const notices: Part = {
  id: 'notices',
  inputs: ({ state, known, readOnly, form }) => [
    readOnly,
    state.phase === 'failed' ? form.layers : null,
    state.phase,
    known.warnings,
    state.phase === 'failed' ? state.failure : null,
    state.phase === 'choosing-samples' ? [state.candidates, state.openInputs] : null,
  ],
  draw: (view) => {
    const { state, known } = view;
    return [
      state.phase === 'failed' ? failureCard(state.failure, view) : null,
      warningsCard(known.warnings ?? []),
      state.phase === 'choosing-samples' ? chooser(state, view) : null,
    ];
  },
};

function failureCard(failure: Failure, view: View): HTMLElement {
  const { post, readOnly, form } = view;
  const training = failure.kind === 'TrainingMode';
  const { layers } = form;
  return element(
    'section',
    { class: 'card wide failure', role: 'alert', 'aria-label': t('What went wrong') },
    element('p', {}, failure.message),
    layers === null || readOnly ? null : layersForm(layers, view),
    readOnly
      ? null
      : element(
          'div',
          { class: 'buttons' },
          training
            ? button(
                t('Analyse in evaluation mode'),
                'failure-evaluation',
                () => post({ type: 'say', said: { evaluation: true } }),
                { primary: true },
              )
            : null,
          button(t('Run again'), 'failure-run', () => post({ type: 'run' }), {
            primary: !training && layers === null,
          }),
          button(t('Change samples…'), 'failure-samples', () => post({ type: 'change-samples' })),
          button(t('Show log'), 'failure-log', () => post({ type: 'show-log' })),
        ),
  );
}

function warningsCard(warnings: readonly { readonly message: string }[]): HTMLElement | null {
  if (warnings.length === 0) return null;
  return element(
    'section',
    { class: 'card wide warnings', 'aria-label': t('Warnings') },
    element('h2', {}, warnings.length === 1 ? t('Warning') : t`${warnings.length} warnings`),
    element('ul', {}, ...warnings.map(({ message }) => element('li', {}, message))),
  );
}

type Choosing = Extract<PanelState, { phase: 'choosing-samples' }>;

function chooser({ candidates, openInputs }: Choosing, { post }: View): HTMLElement {
  const fields = shapeFields(openInputs);
  const choose = (choice: SampleChoice): void => {
    const shapes = fields.read(choice.kind === 'random');
    if (shapes !== null) post({ type: 'choose-samples', choice, shapes });
  };
  const fitting = candidates.filter(({ fits }) => fits);
  const others = candidates.filter(({ fits }) => !fits);
  return element(
    'section',
    { class: 'card wide chooser', 'aria-label': t('Choose samples') },
    element('h2', {}, t('Which samples?')),
    element(
      'p',
      { class: 'sentence' },
      candidates.length === 0
        ? t(
            'No data file lies beside the model. The loss, and so its curvature, depends on the samples: best are those that the model was trained on.',
          )
        : t(
            'Files beside the model, best first. The loss, and so its curvature, depends on the samples: best are those that the model was trained on.',
          ),
    ),
    element(
      'ul',
      { class: 'candidates' },
      ...[...fitting, ...others].map((candidate, place) =>
        element(
          'li',
          { class: candidate.fits ? '' : 'unfit' },
          element(
            'div',
            {},
            element('strong', {}, candidate.name),
            element('span', { class: 'faint' }, candidate.description),
          ),
          button(t('Use'), `candidate-${place}`, () => choose({ kind: 'file', path: candidate.path }), {
            primary: place === 0 && candidate.fits,
            disabled: !candidate.fits,
            label: t`Use ${candidate.name}`,
          }),
        ),
      ),
    ),
    fields.node,
    element(
      'div',
      { class: 'buttons' },
      button(t('Browse…'), 'browse', () => choose({ kind: 'browse' })),
      button(t('Random inputs (not your training data)'), 'random', () => choose({ kind: 'random' })),
    ),
  );
}
