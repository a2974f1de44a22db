import { lossText, modelText, precisionText, samplesText, stoppedText } from '../src/charts/circumstances';
import type { Term } from '../src/charts/explanations';
import { formatNumber } from '../src/report/number';
import type { PartialReport } from '../src/report/report';
import { button, element } from './dom';
import { computationMenu } from './computationMenu';
import { exportMenu } from './exportMenu';
import { explained } from './tooltip';
import type { Section, View } from './view';

/** Who this is about, everything that the numbers depend on, and what can be done. */
export const header: Section = {
  id: 'header',
  inputs: ({ state, known, settings, computation }) => {
    const { model, samples, loss, lossAssumed, method, analysis, time } = known;
    return [
      state.phase,
      state.file,
      model,
      samples,
      loss,
      lossAssumed,
      method,
      analysis,
      time,
      settings.exportOpen,
      settings.choosing !== null,
      computation,
    ];
  },
  draw: (view) => [
    element('div', { class: 'heading' }, identity(view), actions(view)),
    element('ul', { class: 'chips', 'aria-label': 'What the numbers depend on' }, ...chips(view)),
  ],
};

function identity({ state, known }: View): HTMLElement {
  const { model } = known;
  const facts = model === undefined ? '…' : modelText(model);
  const sha =
    model === undefined
      ? null
      : element('span', { class: 'sha', title: model.sha256 }, ` · sha ${model.sha256.slice(0, 8)}…`);
  return element(
    'div',
    { class: 'identity' },
    element('h1', {}, model?.file ?? state.file),
    element('p', { class: 'faint' }, facts, sha),
  );
}

function actions(view: View): HTMLElement {
  const { state, post } = view;
  const busy = state.phase === 'reading' || state.phase === 'running';
  const choosing = state.phase === 'choosing-samples';
  return element(
    'div',
    { class: 'actions' },
    button('Change samples…', 'change-samples', () => post({ type: 'change-samples' }), {
      disabled: busy || choosing,
    }),
    exportMenu(view),
    button('Run again', 'run-again', () => post({ type: 'run' }), {
      primary: true,
      disabled: busy || choosing,
    }),
  );
}

function chips(view: View): HTMLElement[] {
  const { state, known, post } = view;
  const { samples, loss, lossAssumed, analysis, time } = known;
  const total = time?.['total'];
  const stopped = analysis === undefined ? null : stoppedText(analysis);
  return [
    ...(state.phase === 'reading' || state.phase === 'choosing-samples'
      ? []
      : [element('li', {}, computationMenu(view))]),
    ...(loss === undefined
      ? []
      : [chip(lossText(loss, lossAssumed === true), 'loss', lossAssumed === true ? 'assumed' : '')]),
    ...(samples === undefined
      ? []
      : [
          samplesChip(samples, state.phase !== 'running' && state.phase !== 'reading', () =>
            post({ type: 'change-samples' }),
          ),
        ]),
    ...(analysis === undefined
      ? []
      : [chip(`${analysis.mode} mode`, 'mode', ''), chip(precisionText(analysis), 'precision', '')]),
    ...(stopped === null ? [] : [chip(stopped, 'stopped', 'assumed')]),
    ...(total === undefined ? [] : [chip(`${formatNumber(total)} s`, 'time', 'plain')]),
  ];
}

function chip(content: string, term: Term, look: string): HTMLElement {
  return element('li', {}, explained(element('span', { class: `chip ${look}`, tabindex: 0 }, content), term));
}

function samplesChip(
  samples: NonNullable<PartialReport['samples']>,
  canChange: boolean,
  press: () => void,
): HTMLElement {
  const built = element(
    'button',
    {
      class: samples.labels === 'given' ? 'chip' : 'chip assumed',
      type: 'button',
      id: 'samples-chip',
      disabled: !canChange,
    },
    samplesText(samples),
  );
  built.addEventListener('click', press);
  return element('li', {}, explained(built, 'samples'));
}
