import { circumstances, modelText, type Circumstance } from '../src/charts/circumstances';
import { button, element } from './dom';
import { computationMenu } from './computationMenu';
import { exportMenu } from './exportMenu';
import { findExplained } from './tooltip';
import { hasNumbers, type Part, type View } from './view';

/** Who this is about, everything that the numbers depend on, and what can be done. */
export const header: Part = {
  id: 'header',
  inputs: ({ state, known, settings, computation, readOnly }) => {
    const { model, samples, loss, lossAssumed, lossOptions, method, analysis, time } = known;
    return [
      state.phase,
      state.file,
      model,
      samples,
      loss,
      lossAssumed,
      lossOptions,
      method,
      analysis,
      time,
      settings.exportOpen,
      settings.choosing !== null,
      computation,
      readOnly,
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
  const { state, post, readOnly } = view;
  const busy = state.phase === 'reading' || state.phase === 'running';
  const choosing = state.phase === 'choosing-samples';
  if (state.phase === 'overview') {
    const analyze = button('Analyze sharpness', 'analyze', () => post({ type: 'run' }), { primary: true });
    return element('div', { class: 'actions' }, analyze);
  }
  if (readOnly) return element('div', { class: 'actions' }, exportMenu(view));
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
  const { state, known, readOnly } = view;
  if (readOnly) return circumstances(known).map((each) => element('li', {}, chip(each)));
  const told = circumstances(known).filter(({ term }) => term !== 'method');
  const menu = state.phase !== 'reading' && hasNumbers(state);
  return [
    ...(menu ? [element('li', {}, computationMenu(view))] : []),
    ...told.map((each) => element('li', {}, each.term === 'samples' ? samplesChip(each, view) : chip(each))),
  ];
}

function chip({ text, term, caution }: Circumstance): HTMLElement {
  const look = caution ? 'assumed' : term === 'time' ? 'plain' : '';
  return findExplained(element('span', { class: `chip ${look}`, tabindex: 0 }, text), term);
}

/** The samples can be changed from their chip. */
function samplesChip({ text, term, caution }: Circumstance, { state, post }: View): HTMLElement {
  const built = element(
    'button',
    {
      class: caution ? 'chip assumed' : 'chip',
      type: 'button',
      id: 'samples-chip',
      disabled: state.phase === 'running' || state.phase === 'reading',
    },
    text,
  );
  built.addEventListener('click', () => post({ type: 'change-samples' }));
  return findExplained(built, term);
}
