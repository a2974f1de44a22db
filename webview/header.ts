import { t } from '@vscode/l10n';
import { circumstances, modelText, type Circumstance } from '../src/charts/circumstances';
import type { Term } from '../src/charts/explanations';
import { fields, showValue } from '../src/report/form';
import { groups, type Group } from '../src/report/options';
import { choicesOf } from '../src/report/optionValue';
import { formatCount } from '../src/report/wording/number';
import { button, element } from './dom';
import { chipMenu } from './chipMenu';
import { exportMenu } from './exportMenu';
import { findExplained } from './tooltip';
import type { Part, View } from './view';

/** Who this is about, everything that the numbers depend on, and what can be done. */
export const header: Part = {
  id: 'header',
  inputs: ({ state, known, settings, form, name, readOnly }) => {
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
      settings.menu?.chip,
      form,
      name,
      readOnly,
    ];
  },
  draw: (view) => [
    element('div', { class: 'heading' }, identity(view), actions(view)),
    element('ul', { class: 'chips', 'aria-label': t('What the numbers depend on') }, ...chips(view)),
  ],
};

function identity({ state, known, name }: View): HTMLElement {
  const { model } = known;
  const facts = model === undefined ? '…' : modelText(model);
  const sha =
    model === undefined
      ? null
      : element('span', { class: 'sha', title: model.sha256 }, t` · sha ${model.sha256.slice(0, 8)}…`);
  return element(
    'div',
    { class: 'identity' },
    element('h1', { title: state.file }, name ?? model?.file ?? state.file),
    element('p', { class: 'faint' }, facts, sha),
  );
}

function actions(view: View): HTMLElement {
  const { state, post, readOnly } = view;
  const busy = state.phase === 'reading' || state.phase === 'running';
  const choosing = state.phase === 'choosing-samples';
  if (state.phase === 'overview') {
    const analyze = button(t('Analyze sharpness'), 'analyze', () => post({ type: 'run' }), { primary: true });
    return element('div', { class: 'actions' }, analyze);
  }
  if (readOnly) return element('div', { class: 'actions' }, exportMenu(view));
  return element(
    'div',
    { class: 'actions' },
    button(t('Change samples…'), 'change-samples', () => post({ type: 'change-samples' }), {
      disabled: busy || choosing,
    }),
    exportMenu(view),
    button(t('Run again'), 'run-again', () => post({ type: 'run' }), {
      primary: true,
      disabled: busy || choosing,
    }),
  );
}

/** The group that each circumstance is changed in; what is not here only informs. */
const groupOf: Readonly<Partial<Record<Term, Group>>> = {
  method: 'method',
  loss: 'loss',
  lossOptions: 'loss',
  samples: 'samples',
  parameters: 'parameters',
  mode: 'mode',
  precision: 'precision',
  seed: 'seed',
  stopped: 'method',
};

/** Everything that is told, and what is not known yet by the name of its group: each opens what can be changed of it. */
function chips(view: View): HTMLElement[] {
  const { state, known, readOnly } = view;
  const told = circumstances(known);
  if (readOnly) return told.map((each) => element('li', {}, informing(each)));
  if (state.phase === 'reading') return [];
  const parameters = known.model && t`${formatCount(known.model.parameters)} parameters`;
  const all: Circumstance[] = [
    ...told,
    { term: 'parameters', text: parameters ?? groups.parameters, caution: false },
  ];
  const shown = new Set(all.map(({ term }) => groupOf[term]));
  const open = (['method', 'loss', 'samples', 'mode', 'precision', 'seed'] as const)
    .filter((group) => !shown.has(group))
    .map((group): Circumstance => ({ term: group, text: openText(group, view), caution: false }));
  const rank = ({ term }: Circumstance): number => Object.keys(groups).indexOf(groupOf[term] ?? '') >>> 0;
  return [...all, ...open]
    .sort((one, other) => rank(one) - rank(other))
    .map((each, place) => element('li', {}, chip(each, place, view)));
}

function openText(group: Group, { form }: View): string {
  const field = fields.find((each) => each.group === group);
  const value = field?.value.kind === 'choice' ? showValue(field, form.said) : '';
  const text = field?.value.kind === 'choice' && choicesOf(field.value).find(([each]) => each === value)?.[1];
  return typeof text === 'string' ? `${groups[group].toLowerCase()}: ${text}` : groups[group].toLowerCase();
}

function informing({ text, term, caution }: Circumstance): HTMLElement {
  const look = caution ? 'assumed' : term === 'time' ? 'plain' : '';
  return findExplained(element('span', { class: `chip ${look}`, tabindex: 0 }, text), term);
}

function chip(each: Circumstance, place: number, view: View): HTMLElement {
  const { text, term, caution } = each;
  const group = groupOf[term];
  if (group === undefined) return informing(each);
  const { method } = view.known;
  const look = term !== 'method' || method === undefined ? '' : method === 'estimate' ? 'estimate' : 'exact';
  // Several stand for the options of one loss.
  const id = term === 'lossOptions' ? `${term}-${place}-chip` : `${term}-chip`;
  const built = element('button', { class: `chip ${caution ? 'assumed' : look}`, type: 'button', id }, text);
  // Open, it has no explanation, which would lie over what can be chosen.
  if (view.settings.menu?.chip !== id) findExplained(built, term);
  return chipMenu(built, group, view);
}
