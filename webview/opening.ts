import type { DetailOf } from '../src/report/detail';

/** What has a press of its own opens nothing. */
const controls =
  'button:not(.opens), a, input, select, summary, vscode-button, vscode-dropdown, [data-term]:not([data-layer])';

/** A click on a layer or sample wherever it is shown, or Enter on its row, opens its page. */
export function installOpening(root: Element, open: (of: DetailOf) => void): void {
  const openAt = (target: EventTarget | null): boolean => {
    const shown = target instanceof Element ? target.closest('[data-layer], [data-sample]') : null;
    if (shown === null || (target instanceof Element && target.closest(controls) !== null)) return false;
    const kind = shown.hasAttribute('data-sample') ? 'sample' : 'layer';
    // Of the block of two layers, the row's.
    const [index = ''] = (shown.getAttribute(`data-${kind}`) ?? '').split(' ');
    open({ kind, index: Number(index) });
    return true;
  };
  root.addEventListener('click', (event) => {
    if (document.getSelection()?.isCollapsed !== false) openAt(event.target);
  });
  root.addEventListener('keydown', (event) => {
    const isRow = event.target instanceof HTMLTableRowElement;
    if (isRow && 'key' in event && event.key === 'Enter' && openAt(event.target)) event.preventDefault();
  });
}
