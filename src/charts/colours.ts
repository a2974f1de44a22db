/** What stands apart in a chart. */
type Colour =
  'text' | 'faint' | 'axis' | 'background' | 'upper' | 'lower' | 'found' | 'blockwise' | 'red' | 'yellow';

/**
 * The variables that the colours are in a page: VS Code's, but for two that its themes have translucent, which the panel
 * makes opaque. The same in pages and pictures that stand alone.
 */
const variables: Readonly<Record<Colour, string>> = {
  text: '--vscode-editor-foreground',
  faint: '--vscode-descriptionForeground',
  axis: '--mark-axis',
  background: '--vscode-editor-background',
  upper: '--vscode-charts-blue',
  lower: '--vscode-charts-purple',
  found: '--mark-orange',
  blockwise: '--vscode-charts-green',
  red: '--vscode-charts-red',
  yellow: '--vscode-charts-yellow',
};

export type PaletteName = 'light' | 'dark';

/** Opaque, each at least 3:1 against its background, and text at least 4.5:1: for what leaves the panel. */
export const palettes: Readonly<Record<PaletteName, Readonly<Record<Colour, string>>>> = {
  light: {
    text: '#1f2328',
    faint: '#59636e',
    axis: '#7a828b',
    background: '#ffffff',
    upper: '#0969da',
    lower: '#8250df',
    found: '#bc4c00',
    blockwise: '#1a7f37',
    red: '#cf222e',
    yellow: '#9a6700',
  },
  dark: {
    text: '#e6e6e6',
    faint: '#a0a0a0',
    axis: '#808080',
    background: '#1f1f1f',
    upper: '#59a4f9',
    lower: '#b180d7',
    found: '#d18616',
    blockwise: '#89d185',
    red: '#f14c4c',
    yellow: '#cca700',
  },
};

function variable(colour: Colour): string {
  return `var(${variables[colour]}, ${palettes.light[colour]})`;
}

/** The charts' colours follow the theme by themselves in a page; `inPalette` writes a palette's in. */
export const colours = {
  text: variable('text'),
  faint: variable('faint'),
  axis: variable('axis'),
  background: variable('background'),
  upper: variable('upper'),
  lower: variable('lower'),
  negative: variable('found'),
  /** What was found of an eigenvalue itself. */
  found: variable('found'),
  blockwise: variable('blockwise'),
} as const;

/** Colours of things that stand beside each other without an order of their own. */
export const seriesColours = [
  colours.upper,
  colours.found,
  colours.blockwise,
  colours.lower,
  variable('red'),
  variable('yellow'),
] as const;

/** A palette as declarations of the variables, for the style of a page. */
export function paletteStyle(name: PaletteName): string {
  return Object.entries(palettes[name])
    .map(([colour, value]) => `${variables[colour as Colour]}: ${value};`)
    .join(' ');
}

/** The picture with every variable replaced by what the palette has for it, or by its own fallback. */
export function inPalette(svg: string, name: PaletteName): string {
  const values = new Map(
    Object.entries(palettes[name]).map(([colour, value]) => [variables[colour as Colour], value]),
  );
  return svg.replace(
    /var\((--[\w-]+), ([^()]*)\)/g,
    (_whole, variable: string, fallback: string) => values.get(variable) ?? fallback,
  );
}
