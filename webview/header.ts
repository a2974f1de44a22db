import { formatCount, formatNumber } from '../src/report/number';
import type { Method, PartialReport } from '../src/report/report';
import { button, element } from './dom';
import { exportMenu } from './exportMenu';
import type { Term } from './explanations';
import { explained } from './tooltip';
import type { Section, View } from './view';

const methodNames: Readonly<Record<Method, string>> = {
  'closed-form': 'exact · closed form',
  exact: 'exact · full Hessian',
  estimate: 'estimate · error bars',
};

/** Who this is about, everything that the numbers depend on, and what can be done. */
export const header: Section = {
  id: 'header',
  inputs: ({ state, known, settings }) => {
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
    ];
  },
  draw: (view) => [
    element('div', { class: 'heading' }, identity(view), actions(view)),
    element('ul', { class: 'chips', 'aria-label': 'What the numbers depend on' }, ...chips(view)),
  ],
};

function identity({ state, known }: View): HTMLElement {
  const { model } = known;
  const facts =
    model === undefined
      ? '…'
      : [
          model.architecture,
          `${formatCount(model.parameters)} parameters`,
          ...(model.producer === null ? [model.format] : [`${model.format} by ${model.producer}`]),
        ].join(' · ');
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

function chips({ state, known, post }: View): HTMLElement[] {
  const { samples, loss, lossAssumed, method, analysis, time } = known;
  const total = time?.['total'];
  return [
    ...(method === undefined
      ? []
      : [chip(methodNames[method], 'method', method === 'estimate' ? 'estimate' : 'exact')]),
    ...(loss === undefined
      ? []
      : [
          chip(
            lossAssumed === true ? `${loss} · assumed` : loss,
            'loss',
            lossAssumed === true ? 'assumed' : '',
          ),
        ]),
    ...(samples === undefined
      ? []
      : [
          samplesChip(samples, state.phase !== 'running' && state.phase !== 'reading', () =>
            post({ type: 'change-samples' }),
          ),
        ]),
    ...(analysis === undefined
      ? []
      : [
          chip(`${analysis.mode} mode`, 'mode', ''),
          chip(precisionText(analysis.precision, analysis.productError), 'precision', ''),
        ]),
    ...(total === undefined ? [] : [chip(`${formatNumber(total)} s`, 'time', 'plain')]),
  ];
}

function precisionText(precision: string, productError: number): string {
  return productError > 0 ? `${precision} · product error ${formatNumber(productError)}` : precision;
}

function chip(content: string, term: Term, look: string): HTMLElement {
  return element('li', {}, explained(element('span', { class: `chip ${look}`, tabindex: 0 }, content), term));
}

function samplesChip(
  samples: NonNullable<PartialReport['samples']>,
  canChange: boolean,
  press: () => void,
): HTMLElement {
  const labels = { given: '', predicted: ' · labels predicted by the model', drawn: ' · labels drawn' };
  const scaled = samples.scale === 1 ? '' : ` × ${formatNumber(samples.scale)}`;
  const content = `${formatCount(samples.count)} samples · ${samples.source}${scaled}${labels[samples.labels]}`;
  const built = element(
    'button',
    {
      class: samples.labels === 'given' ? 'chip' : 'chip assumed',
      type: 'button',
      id: 'samples-chip',
      disabled: !canChange,
    },
    content,
  );
  built.addEventListener('click', press);
  return element('li', {}, explained(built, 'samples'));
}
