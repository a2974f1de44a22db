import { t } from '@vscode/l10n';
import { reportDrawing } from '../src/charts/reportDrawing';
import type { PanelToHost } from '../src/report/panelMessages';
import { button, element } from './dom';
import { pictureButtons } from './pictureMenu';
import type { View } from './view';

/** "Export", which opens the forms of the report. */
export function exportMenu(view: View): HTMLElement {
  const { state, settings, change } = view;
  const report = state.phase === 'done' ? state.report : null;
  const partial = isPartial(view);
  const open = settings.exportOpen && (report !== null || partial);
  const toggle = button(open ? t('Export ▴') : t('Export ▾'), 'export', () => change({ exportOpen: !open }), {
    disabled: report === null && !partial,
    label: t('Export'),
  });
  toggle.setAttribute('aria-expanded', String(open));
  const menu = element('div', { class: 'menu' }, toggle);
  if (!open) return menu;
  const send = (message: PanelToHost): void => {
    view.post(message);
    change({ exportOpen: false });
  };
  const to = (format: 'html' | 'json' | 'csv', caption: string): HTMLElement =>
    button(caption, `export-${format}`, () => send({ type: 'export', format }));
  const items = element(
    'div',
    { class: 'menu-items' },
    ...(report === null
      ? [to('json', t('JSON: what was known by then'))]
      : [
          button(t('Copy as Markdown'), 'copy-markdown', () => send({ type: 'copy-markdown' })),
          to('html', t('HTML: a page that stands alone')),
          to('json', t('JSON: the whole report')),
          to('csv', t('CSV: one row per layer')),
          ...pictureButtons(
            { name: t('report'), draw: (palette) => reportDrawing(report, palette) },
            (picture) => send({ type: 'picture', picture }),
          ),
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
