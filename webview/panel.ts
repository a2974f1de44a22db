import './translations';
import type { DetailAnswer } from '../src/report/detail';
import type { FormState, HostToPanel, PanelState, PanelToHost } from '../src/report/panelMessages';
import { answers } from './answers';
import { verdict } from './verdict';
import { detailPage, showsPage } from './detailPage';
import { element } from './dom';
import { header } from './header';
import { isEqual } from './isEqual';
import { limits } from './limits';
import { installMarking } from './marking';
import { notices } from './notices';
import { installOpening } from './opening';
import { overview } from './overview';
import { sectionParts } from './sections';
import { status } from './status';
import { registerControls } from './toolkit';
import { installTooltips } from './tooltip';
import { nothingSaid } from '../src/report/form';
import { unpackState, withoutManyBlocks } from '../src/report/packedBlocks';
import { initialSettings, isPending, knownOf, type Part, type Settings, type View } from './view';

interface VsCodeApi {
  postMessage(message: PanelToHost): void;
  getState(): Saved | undefined;
  setState(saved: Saved): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What is kept over a reload, and while the panel is hidden. */
interface Saved {
  readonly state: PanelState | null;
  readonly settings: Settings;
  readonly form: FormState;
  readonly scroll: number;
}

/** What stands above a page of a layer or sample, too. */
const frame: readonly Part[] = [header, status];
const report: readonly Part[] = [notices, overview, verdict, answers, ...sectionParts, limits];
const parts: readonly Part[] = [...frame, detailPage, ...report];

function start(): void {
  registerControls();
  const api = acquireVsCodeApi();
  const saved = api.getState();
  let state = saved?.state ?? null;
  let settings: Settings = { ...initialSettings, ...saved?.settings, exportOpen: false, menu: null };
  let readOnly = false;
  let name: string | null = null;
  let detail: DetailAnswer | null = null;
  /** What was asked for last, of which report. */
  let asked = '';
  let form: FormState = saved?.form ?? { said: nothingSaid, known: null, layers: null };

  const root = document.getElementById('panel') ?? document.body.appendChild(element('main', {}));
  const places = new Map(parts.map(({ id }) => [id, element('div', { class: `section ${id}` })]));
  root.append(...places.values());
  installTooltips();
  installMarking(root);

  const drawn = new Map<string, unknown>();
  const keep = (): void => {
    // At the end of every scroll: megabytes of blocks come again from the host.
    const kept = state && withoutManyBlocks(state);
    api.setState({ state: kept, settings, form, scroll: window.scrollY });
  };
  /** Asks the host for what a page shows beside the report: once for each page and report. */
  const askForDetail = (): void => {
    const { page } = settings;
    if (page === null || readOnly || state?.phase !== 'done') return;
    const wanted = JSON.stringify([page, state.finished, state.changed, state.report.model.sha256]);
    if (asked === wanted) return;
    asked = wanted;
    detail = null;
    api.postMessage({ type: 'detail', of: page });
  };
  /** From where a page was opened. */
  let opener = { id: '', scroll: 0 };
  const change = (changed: Partial<Settings>): void => {
    const before = settings.page;
    settings = { ...settings, ...changed };
    draw();
    keep();
    const { page } = settings;
    if (page === before) return;
    window.scrollTo(0, page === null ? opener.scroll : 0);
    document.getElementById(page === null ? opener.id : 'back')?.focus({ preventScroll: true });
  };
  installOpening(root, (page) => {
    if (settings.page === null) {
      const { id } = document.activeElement ?? { id: '' };
      opener = { id: id === '' ? `row-${page.index}` : id, scroll: window.scrollY };
    }
    if (JSON.stringify(page) !== JSON.stringify(settings.page)) change({ page });
  });
  const draw = (): void => {
    if (state === null) return;
    askForDetail();
    const view: View = {
      state,
      known: knownOf(state),
      pending: isPending(state),
      settings,
      form,
      name,
      readOnly,
      detail,
      post: (message) => api.postMessage(message),
      change,
    };
    const isPage = showsPage(view);
    if (!isPage && settings.page !== null) settings = { ...settings, page: null };
    for (const part of parts) {
      const inputs = part.inputs(view);
      const place = places.get(part.id);
      if (place !== undefined) place.hidden = !frame.includes(part) && (part === detailPage) !== isPage;
      if (place === undefined || (drawn.has(part.id) && isEqual(drawn.get(part.id), inputs))) continue;
      drawn.set(part.id, inputs);
      replace(place, part.draw(view));
    }
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (!isFromHost(event.data)) return;
    if (event.data.type === 'detail') {
      // Of the page that was left an answer may come late.
      if (JSON.stringify(event.data.of) !== JSON.stringify(settings.page)) return;
      detail = event.data.answer;
      draw();
      return;
    }
    state = unpackState(event.data);
    ({ form, name, readOnly } = event.data);
    draw();
    keep();
  });
  let scrolled: number | undefined;
  window.addEventListener('scroll', () => {
    clearTimeout(scrolled);
    scrolled = window.setTimeout(keep, 100);
  });

  draw();
  if (saved !== undefined) window.scrollTo(0, saved.scroll);
  api.postMessage({ type: 'ready' });
}

/** Extensions of a browser talk to the same window: what is no state is none of ours. */
function isFromHost(message: unknown): message is HostToPanel {
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : null;
  return type === 'state' || type === 'detail';
}

/** Puts new nodes into a part; the focus stays on the element of the same id, or on the part where there is none any more. */
function replace(place: HTMLElement, nodes: readonly (Node | null)[]): void {
  const active = document.activeElement;
  const focused = active !== null && place.contains(active) ? active.id : '';
  place.replaceChildren(...nodes.filter((node) => node !== null));
  if (focused === '') return;
  place.tabIndex = -1;
  (document.getElementById(focused) ?? place).focus();
}

start();
