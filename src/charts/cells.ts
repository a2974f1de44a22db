import { coordinate, element, type SvgText } from './svg';

/** How many steps a colour scale has where cells are drawn together. */
const steps = 24;

/**
 * Many coloured cells as few paths, one per step of the scale: 64 × 64 rectangles would take the browser 50 times as
 * long to draw. `strength` gives 0 (the background) to 1; the path of a step is filled at that opacity.
 */
export function cellPaths(
  cell: { readonly width: number; readonly height: number },
  [rows, columns]: readonly [rows: number, columns: number],
  strength: (row: number, column: number) => number,
  fill: string,
): SvgText[] {
  const paths = Array.from({ length: steps + 1 }, () => '');
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const step = Math.round(Math.min(1, Math.max(0, strength(row, column))) * steps);
      if (step === 0) continue;
      const [x, y] = [coordinate(column * cell.width), coordinate(row * cell.height)];
      const [right, bottom] = [coordinate((column + 1) * cell.width), coordinate((row + 1) * cell.height)];
      paths[step] =
        `${paths[step] ?? ''}M${String(x)} ${String(y)}H${String(right)}V${String(bottom)}H${String(x)}Z`;
    }
  }
  return paths.flatMap((path, step) =>
    path === ''
      ? []
      : [element('path', { class: 'cells', d: path, fill, 'fill-opacity': (step / steps).toFixed(3) })],
  );
}
