import { t } from '@vscode/l10n';
import { ageText } from '../src/report/wording/age';
import { costText, durationText } from '../src/report/wording/cost';
import { formatCount, formatNumber } from '../src/report/wording/number';
import { rowsText } from '../src/report/wording/rowsText';
import type { Progress } from '../src/report/request';
import type { Report } from '../src/report/report';
import { hasSkipped } from '../src/report/skipped';
import { button, element } from './dom';
import type { Part, View } from './view';

/** A report is new for so long. */
const newMilliseconds = 60_000;

/**
 * One strip that is always there, so that nothing below it moves when the work begins or ends: what is going on, how
 * far, and what can be done about it.
 */
export const status: Part = {
  id: 'status',
  inputs: ({ state, readOnly }) =>
    state.phase === 'running'
      ? [
          state.phase,
          state.progress.stage,
          state.progress.fraction,
          state.progress.remainingSeconds,
          state.progress.step,
          state.progress.steps,
          state.progress.cost,
          state.progress.canSkip,
          state.earlier?.finished,
        ]
      : state.phase === 'done'
        ? [
            state.phase,
            state.changed,
            state.finished,
            readOnly,
            state.report.method,
            state.report.analysis,
            hasSkipped(state.report),
            state.report.estimate?.probes,
            state.report.samples.count,
          ]
        : [state.phase, state.file, readOnly],
  draw: (view) => {
    const { state } = view;
    return [
      element(
        'div',
        {
          class: `strip ${state.phase}${state.phase === 'done' && state.changed.length > 0 ? ' stale' : ''}`,
        },
        ...content(view),
      ),
      progressBar(view),
    ];
  },
};

function content({ state, post, readOnly }: View): (Node | null)[] {
  const sentence = (text: string): HTMLElement => element('p', { role: 'status' }, text);
  const again = (): HTMLElement | null =>
    readOnly ? null : button(t('Run again'), 'strip-run', () => post({ type: 'run' }));
  switch (state.phase) {
    case 'reading':
      return [ring(), sentence(t`Reading ${state.file}…`)];
    case 'overview':
      return [sentence(t('Nothing was computed yet: this is what the file holds.'))];
    case 'choosing-samples':
      return [sentence(t('Sharpness is measured on samples: choose which.'))];
    case 'running':
      return [
        ring(),
        sentence(
          `${state.progress.stage}…${state.earlier === null ? '' : t` Until it is done, the numbers are those of the last run${aged(state.earlier.finished)}.`}`,
        ),
        element('span', { class: 'faint remaining' }, remaining(state.progress)),
        state.progress.canSkip === true
          ? button(t('Skip this step'), 'skip', () => post({ type: 'skip', stage: state.progress.stage }))
          : null,
        button(t('Cancel'), 'cancel', () => post({ type: 'cancel' })),
      ];
    case 'done':
      return state.changed.length > 0
        ? [sentence(changedText(state.changed)), again()]
        : [
            sentence(
              `${readOnly ? t('A saved report. ') : ''}${evidence(state.report)}${age(state.finished)}`,
            ),
            hasSkipped(state.report) ? again() : null,
          ];
    case 'failed':
      return [sentence(readOnly ? t('The report cannot be shown.') : t('The analysis stopped.'))];
    case 'cancelled':
      return [sentence(t('Cancelled. What was known by then is shown.')), again()];
  }
}

/** Of a report that is not new. */
function aged(finished: number | null): string {
  const past = finished === null ? 0 : Date.now() - finished;
  return past < newMilliseconds ? '' : `, ${ageText(past)}`;
}

function age(finished: number | null): string {
  const text = aged(finished);
  return text === '' ? '' : t` Analysed${text.slice(1)}.`;
}

function changedText(names: readonly string[]): string {
  const list = names.length < 3 ? names.join(' and ') : t`${names.length} files`;
  const them = names.length === 1 ? t('it as it was') : t('them as they were');
  return t`${list} changed since this analysis: the numbers describe ${them}.`;
}

function ring(): HTMLElement {
  return element('vscode-progress-ring', { 'aria-hidden': 'true' });
}

function remaining({ fraction, remainingSeconds, step, steps, cost }: Progress): string {
  const parts = [
    ...(step === null || steps === null ? [] : [t`step ${step} of ${steps}`]),
    ...(fraction === null ? [] : [`${formatNumber(Math.round(100 * fraction))} %`]),
    ...(remainingSeconds === null ? [] : [t`about ${durationText(remainingSeconds)} left`]),
    ...(cost === null ? [] : [costText(cost)]),
  ];
  return parts.join(' · ');
}

/** With which certainty the numbers are known. */
function evidence({ method, samples, analysis, estimate }: Report): string {
  const over = t`over ${formatCount(samples.count)} samples${rowsText(samples)} in ${analysis.precision}`;
  const cut =
    analysis.stoppedBy === 'complete' ? '' : t` Ended by ${analysis.stoppedBy} before it was complete.`;
  switch (method) {
    case 'closed-form':
      return t`Exact to rounding: trace and Frobenius norm in closed form ${over}.${cut}`;
    case 'exact':
      return t`Exact to rounding: trace and Frobenius norm from the whole Hessian ${over}.${cut}`;
    case 'estimate':
      return t`Estimated from Hessian-vector products${estimate === undefined ? '' : t` with ${formatCount(estimate.probes)} random probes`} ${over}; ± is one standard error.${cut}`;
  }
}

function progressBar({ state }: View): HTMLElement {
  const bar = element('div', { class: 'progress' });
  if (state.phase !== 'running' && state.phase !== 'reading') return bar;
  const fraction = state.phase === 'running' ? state.progress.fraction : null;
  bar.setAttribute('role', 'progressbar');
  bar.setAttribute('aria-label', state.phase === 'running' ? state.progress.stage : 'Reading');
  const done = element('div', { class: fraction === null ? 'done unknown-length' : 'done' });
  if (fraction !== null) {
    const percent = Math.round(100 * Math.min(1, Math.max(0, fraction)));
    bar.setAttribute('aria-valuemin', '0');
    bar.setAttribute('aria-valuemax', '100');
    bar.setAttribute('aria-valuenow', String(percent));
    done.style.width = `${percent}%`;
  }
  bar.append(done);
  return bar;
}
