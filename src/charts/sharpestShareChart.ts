import { t } from '@vscode/l10n';
import { formatPercent } from '../report/wording/number';
import type { LayerReport } from '../report/report';
import { colours } from './colours';
import { baseline, keyEntry, layerRow, layerRows, rowsHeight, zeroLine } from './layerRows';
import { chart, element, text, textWidth, type SvgText } from './svg';

/** So many layers are drawn: with more, those of the largest shares. */
const mostRows = 16;
const keyHeight = 30;

/** A layer with its part of the sharpest direction, and of the parameters. */
export interface SharpestShare {
  readonly layer: LayerReport;
  readonly index: number;
  readonly share: number;
  readonly ofParameters: number;
}

/** The layers' shares of the sharpest direction, the largest first; none where they are not known. */
export function knownShares(layers: readonly LayerReport[]): SharpestShare[] {
  const whole = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const known = layers.flatMap((layer, index) =>
    // A report of an earlier version, which the panel kept, lacks the field.
    typeof layer.sharpestShare === 'number'
      ? [{ layer, index, share: layer.sharpestShare, ofParameters: layer.parameters / whole }]
      : [],
  );
  return known.toSorted((one, other) => other.share - one.share);
}

/** Pixels that the chart of so many layers takes. */
export function sharpestShareHeight(count: number): number {
  return rowsHeight(Math.min(mostRows, count)) + keyHeight;
}

/** A bar for the share of the sharpest direction of each layer above one for its share of the parameters. */
export function sharpestShareChart(
  shares: readonly SharpestShare[],
  { id, width }: { readonly id: string; readonly width: number },
): string {
  const drawn = shares.slice(0, mostRows).toSorted((one, other) => one.index - other.index);
  const values = drawn.map(({ share }) => formatPercent(share));
  const longest = Math.max(...drawn.flatMap(({ share, ofParameters }) => [share, ofParameters]));
  const valueWidth = Math.max(...values.map((value) => textWidth(value))) + 14;
  const rows = layerRows(
    drawn.map(({ layer }) => layer),
    [0, longest],
    width,
    valueWidth,
  );
  const bar = (name: string, share: number, y: number): SvgText =>
    element('rect', {
      class: `bar bar-${name}`,
      x: rows.scale(0),
      y,
      width: rows.scale(share) - rows.scale(0),
      height: rows.barHeight / 2,
      ...look(name),
    });
  const swatch = (name: string, x: number): SvgText =>
    element('rect', { x, y: rows.height + 12, width: 10, height: 10, ...look(name) });
  const omitted = shares.length - drawn.length;
  const entries = [
    { name: 'share', words: t('sharpest direction') },
    {
      name: 'parameters',
      words: omitted > 0 ? t`parameters; ${omitted} smaller not drawn` : t('parameters'),
    },
  ];
  return chart(
    {
      id,
      width,
      height: rows.height + keyHeight,
      title: t('Share of the sharpest direction in each layer'),
      description: drawn
        .map(
          ({ layer, ofParameters }, row) =>
            t`${layer.name}: ${values[row] ?? ''}, with ${formatPercent(ofParameters)} of the parameters`,
        )
        .join('; '),
    },
    ...drawn.map(({ layer, index, share, ofParameters }, row) => {
      const middle = rows.middle(row);
      const end = rows.scale(Math.max(share, ofParameters));
      return layerRow(rows, layer, {
        row,
        index,
        width,
        marks: [
          bar('share', share, middle - rows.barHeight / 2),
          bar('parameters', ofParameters, middle),
          element(
            'text',
            { class: 'value', x: end + 8, y: baseline(middle), fill: colours.text },
            text(values[row] ?? ''),
          ),
        ],
      });
    }),
    zeroLine(rows),
    ...entries.map(({ name, words }, place) => {
      const x = rows.scale(0) + place * 150;
      return keyEntry(swatch(name, x), words, x, rows.height + 21, width - x);
    }),
  );
}

/** Told apart without a colour: only the shares are filled. */
function look(name: string): { readonly fill: string; readonly stroke: string } {
  return name === 'share'
    ? { fill: colours.upper, stroke: colours.upper }
    : { fill: 'transparent', stroke: colours.axis };
}
