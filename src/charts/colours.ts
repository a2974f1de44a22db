/**
 * The colours of the charts are the variables of VS Code's theme, each with a value for where there is no theme.
 * In the panel they follow the theme by themselves; an exported picture gets their values written in.
 */
export const colours = {
  text: 'var(--vscode-editor-foreground, #3b3b3b)',
  faint: 'var(--vscode-descriptionForeground, #616161)',
  axis: 'var(--vscode-charts-lines, #8c8c8c)',
  background: 'var(--vscode-editor-background, #ffffff)',
  upper: 'var(--vscode-charts-blue, #1a85ff)',
  lower: 'var(--vscode-charts-purple, #652d90)',
  negative: 'var(--vscode-charts-orange, #d18616)',
  /** What was found of an eigenvalue itself. */
  found: 'var(--vscode-charts-orange, #d18616)',
  blockwise: 'var(--vscode-charts-green, #388a34)',
} as const;

/** Colours of things that stand beside each other without an order of their own. */
export const seriesColours = [
  colours.upper,
  colours.found,
  colours.blockwise,
  colours.lower,
  'var(--vscode-charts-red, #c4314b)',
  'var(--vscode-charts-yellow, #9a6700)',
] as const;

const variable = /var\((--[\w-]+),\s*([^()]*(?:\([^()]*\)[^()]*)*)\)/g;

/**
 * The picture with every variable replaced by its value in `theme` (a map from "--vscode-…" to a value), or by its own
 * fallback. A value that could end the attribute it is put in is not taken.
 */
export function resolveColours(svg: string, theme: Readonly<Record<string, string>>): string {
  return svg.replace(variable, (_whole, name: string, fallback: string) => {
    const value = theme[name]?.trim() ?? '';
    return value === '' || /[<>&]/.test(value) ? fallback : value.replaceAll('"', "'");
  });
}
