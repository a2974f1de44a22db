import { reportDrawing } from '../src/charts/reportDrawing';
import type { ExportFormat } from '../src/report/panelMessages';
import { button, element } from './dom';
import type { View } from './view';

/** "Export", which opens the four forms of the report. */
export function exportMenu(view: View): HTMLElement {
  const { state, settings, change } = view;
  const report = state.phase === 'done' ? state.report : null;
  const partial = isPartial(view);
  const open = settings.exportOpen && (report !== null || partial);
  const toggle = button(open ? 'Export ▴' : 'Export ▾', 'export', () => change({ exportOpen: !open }), {
    disabled: report === null && !partial,
    label: 'Export',
  });
  toggle.setAttribute('aria-expanded', String(open));
  const menu = element('div', { class: 'menu' }, toggle);
  if (!open) return menu;
  const send = (format: ExportFormat): void => {
    const svg =
      format === 'svg' && report !== null ? reportDrawing(report, themeOf(document.documentElement)) : null;
    view.post({ type: 'export', format, svg });
    change({ exportOpen: false });
  };
  const items = element(
    'div',
    { class: 'menu-items' },
    ...(partial
      ? [button('JSON: what was known by then', 'export-json', () => send('json'))]
      : [
          button('HTML: a page that stands alone', 'export-html', () => send('html')),
          button('JSON: the whole report', 'export-json', () => send('json')),
          button('CSV: one row per layer', 'export-csv', () => send('csv')),
          button('SVG: the charts', 'export-svg', () => send('svg')),
        ]),
  );
  menu.append(items);
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    change({ exportOpen: false });
    document.getElementById('export')?.focus();
  });
  return menu;
}

/** Whether there are numbers of an analysis that did not end. */
function isPartial({ state, known }: View): boolean {
  return (state.phase === 'cancelled' || state.phase === 'failed') && known.samples !== undefined;
}

/** VS Code's colour variables with the values of the theme that is on, for a picture that leaves the panel. */
function themeOf(root: HTMLElement): Record<string, string> {
  const style = getComputedStyle(root);
  const names = ['--vscode-font-family', ...colourNames.map((name) => `--vscode-${name}`)];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name).trim()]));
}

const colourNames = [
  'editor-foreground',
  'descriptionForeground',
  'editor-background',
  'charts-lines',
  'charts-blue',
  'charts-purple',
  'charts-orange',
  'charts-green',
];
