/** SVG as text. Everything that comes from a file passes through `escapeText` here and nowhere else. */

export type SvgText = string & { readonly svg: unique symbol };

type AttributeValue = string | number | undefined;

/** Whether XML 1.0 allows a character at all, escaped or not; half a surrogate pair is none. */
function isAllowedInXml(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Only what is surely no character to look at: nearly all paths and names. */
const harmless = /^[ !#-%(-;=?-~]*$/;

/** Text that is safe between tags and inside a quoted attribute. */
export function escapeText(text: string): string {
  if (harmless.test(text)) return text;
  return Array.from(text, (character) =>
    isAllowedInXml(character) ? (escapes[character] ?? character) : '\ufffd',
  ).join('');
}

/** A coordinate to a hundredth of a pixel: finer than a screen, and short. */
export function coordinate(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A text node. */
export function text(content: string): SvgText {
  return escapeText(content) as SvgText;
}

/** An element; an attribute that is undefined is left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  ...children: readonly SvgText[]
): SvgText {
  let written = '';
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    written += ` ${key}="${typeof value === 'number' ? String(coordinate(value)) : escapeText(value)}"`;
  }
  const open = `<${name}${written}`;
  return (children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`) as SvgText;
}

export interface ChartFrame {
  /** Unique in the page: prefixes the ids inside. */
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What the picture shows, for who cannot see it. */
  readonly description: string;
}

/** The outer element of a chart: an image with a title and a description. */
export function chart(frame: ChartFrame, ...children: readonly SvgText[]): SvgText {
  const { id, width, height, title, description } = frame;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${String(coordinate(width))} ${String(coordinate(height))}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-description`,
      'font-family': fontFamily,
      'font-size': fontSize,
    },
    element('title', { id: `${id}-title` }, text(title)),
    element('desc', { id: `${id}-description` }, text(description)),
    ...children,
  );
}

const fontFamily = 'var(--vscode-font-family, system-ui, sans-serif)';
export const fontSize = 12;
/** Width of a character in parts of the font's size, on the generous side. */
const characterWidth = 0.61;

/** About how wide a text is: a chart is drawn without a screen to measure on, so the estimate is generous. */
export function textWidth(content: string, size = fontSize): number {
  return content.length * size * characterWidth;
}

/** The text cut in its middle, where names of layers differ least, to about `width` pixels. */
export function fitText(content: string, width: number, size = fontSize): string {
  const characters = Array.from(content);
  const most = Math.max(3, Math.floor(width / (size * characterWidth) + 0.01));
  if (characters.length <= most) return content;
  const end = Math.ceil((most - 1) * 0.6);
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}

/** A label cut to `width` pixels; where that, or its caller, left something of `whole` out, a tooltip has it. */
export function label(
  content: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  width: number,
  whole = content,
): SvgText {
  const size = attributes['font-size'];
  const fitted = fitText(content, width, typeof size === 'number' ? size : fontSize);
  const tooltip = fitted === whole ? [] : [element('title', {}, text(whole))];
  return element('text', attributes, ...tooltip, text(fitted));
}

/** λ with a subscript, as tspans to put inside a text. */
export function lambda(subscript: string, rest = ''): SvgText {
  const parts = [
    text('λ'),
    element('tspan', { dy: '0.3em', 'font-size': '0.75em' }, text(subscript)),
    ...(rest === '' ? [] : [element('tspan', { dy: '-0.22em' }, text(rest))]),
  ];
  return parts.join('') as SvgText;
}

/** Text in which λ_max and λ_min are set with their subscripts, as children of a text element. */
export function subscripted(content: string): SvgText[] {
  const [first = '', ...rest] = content.split(/(?=λ_(?:max|min))/);
  const set = (part: string): SvgText => {
    const [, name, after] = /^λ_(max|min)(.*)$/s.exec(part) ?? [];
    return name === undefined ? text(part) : lambda(name, after);
  };
  return [set(first), ...rest.map(set)];
}
