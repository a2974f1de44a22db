import type { FormState, HostToPanel, PanelState, PanelToHost } from '../src/report/panelMessages';
import { answers } from './answers';
import { verdict } from './verdict';
import { element } from './dom';
import { header } from './header';
import { limits } from './limits';
import { installMarking } from './marking';
import { notices } from './notices';
import { overview } from './overview';
import { sectionParts } from './sections';
import { status } from './status';
import { registerControls } from './toolkit';
import { installTooltips } from './tooltip';
import { nothingSaid } from '../src/report/form';
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

const parts: readonly Part[] = [header, status, notices, overview, verdict, answers, ...sectionParts, limits];

function start(): void {
  registerControls();
  const api = acquireVsCodeApi();
  const saved = api.getState();
  let state = saved?.state ?? null;
  let settings: Settings = { ...initialSettings, ...saved?.settings, exportOpen: false, menu: null };
  let readOnly = false;
  let name: string | null = null;
  let form: FormState = saved?.form ?? { said: nothingSaid, known: null, layers: null };

  const root = document.getElementById('panel') ?? document.body.appendChild(element('main', {}));
  const places = new Map(parts.map(({ id }) => [id, element('div', { class: `section ${id}` })]));
  root.append(...places.values());
  installTooltips();
  installMarking(root);

  const drawn = new Map<string, string>();
  const keep = (): void => api.setState({ state, settings, form, scroll: window.scrollY });
  const draw = (): void => {
    if (state === null) return;
    const view: View = {
      state,
      known: knownOf(state),
      pending: isPending(state),
      settings,
      form,
      name,
      readOnly,
      post: (message) => api.postMessage(message),
      change: (changed) => {
        settings = { ...settings, ...changed };
        draw();
        keep();
      },
    };
    for (const part of parts) {
      const inputs = JSON.stringify(part.inputs(view));
      const place = places.get(part.id);
      if (place === undefined || drawn.get(part.id) === inputs) continue;
      drawn.set(part.id, inputs);
      replace(place, part.draw(view));
    }
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (!isFromHost(event.data)) return;
    state = event.data.state;
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
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'state';
}

/** Puts new nodes into a part; the focus stays on the element of the same id. */
function replace(place: Element, nodes: readonly (Node | null)[]): void {
  const active = document.activeElement;
  const focused = active !== null && place.contains(active) ? active.id : '';
  place.replaceChildren(...nodes.filter((node) => node !== null));
  if (focused !== '') document.getElementById(focused)?.focus();
}

start();
