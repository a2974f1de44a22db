import './translations';
import { t } from '@vscode/l10n';
import { comparisonCards, comparisonDrawing } from '../src/charts/comparisonCards';
import type {
  ComparisonProgress,
  ComparisonState,
  ComparisonToHost,
  HostToComparison,
  SavedComparison,
} from '../src/comparison/panelState';
import type { Comparison } from '../src/comparison/schema';
import type { Failure } from '../src/report/failure';
import { card } from './card';
import { nodesOf } from './content';
import { pictureMenu } from './pictureMenu';
import { button, element } from './dom';
import { registerControls } from './toolkit';
import { installTooltips } from './tooltip';
import { trainingFields } from './trainingFields';
import { initialSettings } from './view';

declare function acquireVsCodeApi(): {
  postMessage(message: ComparisonToHost): void;
  setState(saved: SavedComparison): void;
};

/** The panel of a comparison: a strip that says what is going on, and the cards of the rows that are ready. */
function start(): void {
  registerControls();
  const api = acquireVsCodeApi();
  const post = (message: ComparisonToHost): void => api.postMessage(message);
  const root = document.getElementById('panel') ?? document.body.appendChild(element('main', {}));
  const head = element('div', { class: 'section header' });
  const strip = element('div', { class: 'section status' });
  const said = element('div', { class: 'section' });
  const cards = element('div', { class: 'section compared' });
  root.append(head, strip, said, cards);
  installTooltips();

  /** The comparison that the cards show, as text. */
  let drawn = '';
  /** The training that the fields show, as text: they are left alone while somebody types. */
  let shownTraining = '';
  let state: ComparisonState | null = null;
  window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!isFromHost(data)) return;
    if (data.type === 'progress') {
      if (state?.phase === 'running') strip.replaceChildren(...status(state, data.progress, post));
      return;
    }
    state = data.state;
    api.setState({ files: state.files, folder: state.folder });
    keepingFocus(() => {
      if (state === null) return;
      head.replaceChildren(...header(state, post));
      strip.replaceChildren(...status(state, null, post));
      const { comparison, failure, training } = state;
      const found = comparison.rows.find((row) => row.training !== null)?.training ?? undefined;
      const trainingKey = JSON.stringify([training, found]);
      if (trainingKey !== shownTraining) {
        shownTraining = trainingKey;
        const fields = { known: training ?? found, open: (training ?? found) !== undefined };
        said.replaceChildren(trainingFields(fields, (changed) => post({ type: 'train', training: changed })));
      }
      const key = JSON.stringify([comparison, failure]);
      if (key === drawn) return;
      drawn = key;
      const shown = comparison.rows.length === 0 ? [] : cardsOf(comparison, post);
      cards.replaceChildren(...(failure === null ? [] : [failureCard(failure)]), ...shown);
    });
  });
  post({ type: 'ready' });
}

function isFromHost(message: unknown): message is HostToComparison {
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : null;
  return type === 'comparison' || type === 'progress';
}

/** The focus stays on the element of the same id. */
function keepingFocus(draw: () => void): void {
  const focused = document.activeElement?.id ?? '';
  draw();
  if (focused !== '') document.getElementById(focused)?.focus();
}

function header({ comparison, folder, following, notes }: ComparisonState, post: Post): Node[] {
  const names = comparison.rows.map(({ name }) => name);
  const ready = names.length > 1;
  const follow = following
    ? button(t('Stop following the folder'), 'follow', () => post({ type: 'stop-following' }))
    : button(t('Follow the folder'), 'follow', () => post({ type: 'follow' }));
  return [
    element(
      'div',
      { class: 'heading' },
      element(
        'div',
        { class: 'identity' },
        element('h1', {}, t('Sharpness compared')),
        element('p', { class: 'faint' }, folder ?? names.join(' · ')),
        ...notes.map((note) => element('p', { class: 'faint' }, note)),
      ),
      element(
        'div',
        { class: 'actions' },
        folder === null ? null : follow,
        button(t('Copy as Markdown'), 'copy-markdown', () => post({ type: 'copy-markdown' }), {
          disabled: !ready,
        }),
        button(t('Export as HTML'), 'export-html', () => post({ type: 'export', format: 'html' }), {
          disabled: !ready,
        }),
        button(t('Export as JSON'), 'export-json', () => post({ type: 'export', format: 'json' }), {
          disabled: !ready,
        }),
      ),
    ),
  ];
}

type Post = (message: ComparisonToHost) => void;

function status(state: ComparisonState, progress: ComparisonProgress | null, post: Post): Node[] {
  const { phase, waiting, comparison, following } = state;
  const sentence = (text: string): HTMLElement => element('p', { role: 'status' }, text);
  const busy = phase === 'reading' || phase === 'running';
  const again = button(t('Run again'), 'run', () => post({ type: 'run' }));
  const [next = ''] = waiting;
  const words = {
    reading: t('Looking for the models…'),
    running: t`${comparison.rows.length} ready, ${waiting.length} to come: ${next}${progress === null ? '' : `, ${progress.stage}`}…`,
    done: following
      ? t('Each new checkpoint of the folder joins.')
      : t`All ${comparison.rows.length} are compared.`,
    cancelled: t('Cancelled. What was ready by then is shown.'),
    failed: t('Nothing is compared.'),
  } as const;
  const bar = element('div', { class: 'progress' });
  if (busy) {
    const percent = Math.round(100 * (progress?.fraction ?? 0));
    const done = element('div', { class: progress === null ? 'done unknown-length' : 'done' });
    if (progress !== null) done.style.width = `${percent}%`;
    bar.setAttribute('role', 'progressbar');
    bar.setAttribute('aria-label', 'Models compared');
    if (progress !== null) bar.setAttribute('aria-valuenow', String(percent));
    bar.append(done);
  }
  return [
    element(
      'div',
      { class: `strip ${phase}` },
      busy ? element('vscode-progress-ring', { 'aria-hidden': 'true' }) : null,
      sentence(words[phase]),
      busy ? button(t('Cancel'), 'cancel', () => post({ type: 'cancel' })) : again,
    ),
    bar,
  ];
}

function failureCard({ message }: Failure): HTMLElement {
  return element(
    'section',
    { class: 'card wide failure', role: 'alert', 'aria-label': t('What went wrong') },
    message,
  );
}

/** The cards; small charts stand beside each other. */
function cardsOf(comparison: Comparison, post: Post): HTMLElement[] {
  const chooser = { settings: initialSettings, change: () => undefined };
  const all = comparisonCards(comparison).map((shown) => {
    const { id, title, term, place, content } = shown;
    const nodes = content.flatMap((each) => nodesOf(each, id, chooser));
    const picture = content.some((each) => typeof each !== 'string' && each.kind === 'chart')
      ? pictureMenu(
          title,
          { name: id, draw: (palette) => comparisonDrawing(comparison, shown, palette) },
          (made) => post({ type: 'picture', picture: made }),
        )
      : null;
    const look = place === 'warnings' ? 'wide warnings' : 'wide';
    return { place, node: card(title, term, look, picture, ...nodes) };
  });
  const places = [...new Set(all.map(({ place }) => place))];
  return places.map((place) =>
    element(
      'div',
      { class: `section ${place}` },
      ...all.filter((each) => each.place === place).map(({ node }) => node),
    ),
  );
}

start();
