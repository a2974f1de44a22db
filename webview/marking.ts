const marked = 'marked';

function layersOf(target: EventTarget | null): string[] {
  const shown = target instanceof Element ? target.closest('[data-layer]') : null;
  return shown?.getAttribute('data-layer')?.split(' ') ?? [];
}

/** Pointing at a layer, or focusing it, marks it wherever it is shown (`data-layer` lists the layers of an element). */
export function installMarking(root: Element): void {
  const mark = (layers: readonly string[]): void => {
    for (const element of root.querySelectorAll(`.${marked}`)) element.classList.remove(marked);
    for (const layer of layers) {
      for (const element of root.querySelectorAll(`[data-layer~="${CSS.escape(layer)}"]`)) {
        element.classList.add(marked);
      }
    }
  };
  const focused = (): string[] => layersOf(document.activeElement);
  root.addEventListener('mouseover', (event) => {
    const layers = layersOf(event.target);
    mark(layers.length > 0 ? layers : focused());
  });
  root.addEventListener('mouseleave', () => mark(focused()));
  root.addEventListener('focusin', () => mark(focused()));
  root.addEventListener('focusout', () => mark([]));
}
