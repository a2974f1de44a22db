import { element, svgElement } from './dom';

type Draw = (width: number) => string;

const drawings = new WeakMap<Element, { readonly draw: Draw; width: number }>();

const observer = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    if (target.isConnected) redraw(target, contentRect.width);
    else observer.unobserve(target);
  }
});

function redraw(box: Element, measured: number): void {
  const drawing = drawings.get(box);
  const width = Math.floor(measured);
  if (drawing === undefined || width <= 0 || drawing.width === width) return;
  drawing.width = width;
  box.replaceChildren(svgElement(drawing.draw(width)));
}

/**
 * A place for a chart that is drawn for the width it gets, so that its text never scales, and drawn again when that
 * changes. `height` is kept free before the chart is there.
 */
export function chartBox(height: number, draw: Draw, widest = Infinity): HTMLElement {
  const box = element('div', { class: 'chart' });
  box.style.minHeight = `${height}px`;
  if (widest !== Infinity) box.style.maxWidth = `${widest}px`;
  drawings.set(box, { draw, width: 0 });
  observer.observe(box);
  return box;
}
