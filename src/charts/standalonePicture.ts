import { colours, inPalette, type PaletteName } from './colours';
import type { Content } from './content';
import { chart, element, label, subscripted, text, textWidth, type SvgText } from './svg';

const width = 860;
const margin = 28;
const headingHeight = 34;
const lineHeight = 18;
const separator = ' · ';

/** Pixels that a chart in it may take. */
export const pictureWidth = width - 2 * margin;

/** A chart with its heading. */
export interface PicturePanel {
  readonly heading: string;
  readonly drawing: string;
}

/** Charts that stand alone, below what they are about. */
export interface StandalonePicture {
  readonly title: string;
  readonly subtitle: string;
  /** What is read first: λ_max. */
  readonly headline: string | null;
  /** What the numbers depend on. */
  readonly facts: readonly string[];
  readonly panels: readonly PicturePanel[];
}

/** The picture as SVG text in a palette's colours, opaque, on a ground of its own. */
export function standalonePicture(
  { title, subtitle, headline, facts, panels }: StandalonePicture,
  palette: PaletteName,
): string {
  const placed: SvgText[] = [];
  let top = 0;
  const put = (height: number, content: string, look: Readonly<Record<string, string | number>>): void => {
    top += height;
    placed.push(label(content, { x: margin, y: top, ...look }, pictureWidth));
  };
  const strong = { 'font-weight': 600, fill: colours.text };
  put(36, title, { 'font-size': 18, ...strong });
  put(20, subtitle, { fill: colours.faint });
  if (headline !== null) {
    top += 24;
    const look = { x: margin, y: top, 'font-size': 15, ...strong };
    placed.push(element('text', look, ...subscripted(headline)));
    top += 4;
  }
  for (const line of linesOf(facts)) put(lineHeight, line, { fill: colours.faint });
  for (const { heading, drawing } of panels) {
    const y = top + headingHeight;
    placed.push(
      element('text', { x: margin, y: top + 28, 'font-size': 14, ...strong }, text(heading)),
      drawing.replace('<svg ', `<svg x="${String(margin)}" y="${String(y + 8)}" `) as SvgText,
    );
    top = y + 8 + heightOf(drawing) + 8;
  }
  const height = top + 16;
  const description = [subtitle, ...(headline === null ? [] : [headline]), ...facts].join('; ');
  const ground = element('rect', { width, height, fill: colours.background });
  return inPalette(chart({ id: 'picture', width, height, title, description }, ground, ...placed), palette);
}

/** The facts side by side, in as many lines as they take. */
function linesOf(facts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const joined = [...lines.slice(-1), fact].join(separator);
    if (lines.length > 0 && textWidth(joined) <= pictureWidth) lines[lines.length - 1] = joined;
    else lines.push(fact);
  }
  return lines;
}

function heightOf(drawing: string): number {
  return Number(/ height="([\d.]+)"/.exec(drawing)?.[1] ?? 0);
}

/** The charts with what stands above each, of a choice those of the chosen layer. */
export function chartsIn(
  shown: readonly Content[],
  title: string,
  layer: number,
  id: string,
): { readonly heading: string; readonly draw: () => string }[] {
  let heading = title;
  return shown.flatMap((each, at) => {
    if (typeof each === 'string') return [];
    if (each.kind === 'choice') {
      const chosen = each.layers.find(({ index }) => index === layer) ?? each.layers[0];
      return chosen === undefined
        ? []
        : chartsIn(chosen.content, `${title}: ${chosen.name}`, layer, `${id}-${at}`);
    }
    // A sentence between two charts says what the second shows.
    if (each.kind === 'tag' && at > 0)
      heading = each.children.filter((child) => typeof child === 'string').join('');
    if (each.kind !== 'chart') return [];
    const width = Math.min(pictureWidth, each.widest ?? pictureWidth);
    return [{ heading, draw: () => each.draw({ id: `${id}-${at}`, width }) }];
  });
}
