import { t } from '@vscode/l10n';
import { formatPercent } from '../report/wording/number';
import type { LayerReport } from '../report/report';
import { colours } from './colours';
import { baseline, layerRow, layerRows, zeroLine } from './layerRows';
import { chart, element, text, textWidth } from './svg';

export interface ElasticityChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

/**
 * What the bound does when a layer's weight grows by 1 %, to the right of zero where it grows too (math.md 7).
 * Layers whose elasticity is null are left out; null where all are.
 */
export function elasticityChart(
  layers: readonly LayerReport[],
  options: ElasticityChartOptions,
): string | null {
  const known = layers.flatMap((layer, index) =>
    layer.elasticity === null ? [] : [{ layer, index, elasticity: layer.elasticity }],
  );
  if (known.length === 0) return null;
  const { id, width } = options;
  const values = known.map(({ elasticity }) => signedPercent(elasticity));
  const elasticities = known.map(({ elasticity }) => elasticity);
  const valueWidth = Math.max(...values.map((value) => textWidth(value))) + 14;
  const rows = layerRows(
    known.map(({ layer }) => layer),
    [Math.min(0, ...elasticities), Math.max(0, ...elasticities)],
    width,
    valueWidth,
  );
  const zero = rows.scale(0);
  return chart(
    {
      id,
      width,
      height: rows.height + 6,
      title: t('Elasticity of the upper bound in each layer’s weight'),
      description: known.map(({ layer }, row) => `${layer.name}: ${values[row] ?? ''}`).join('; '),
    },
    ...known.map(({ layer, index, elasticity }, row) => {
      const end = rows.scale(elasticity);
      const colour = elasticity < 0 ? colours.negative : colours.upper;
      return layerRow(rows, layer, {
        row,
        index,
        width,
        marks: [
          element('rect', {
            class: 'bar bar-own',
            x: Math.min(zero, end),
            y: rows.middle(row) - rows.barHeight / 2,
            width: Math.abs(end - zero),
            height: rows.barHeight,
            fill: colour,
            stroke: colour,
          }),
          element(
            'text',
            { class: 'value', x: Math.max(zero, end) + 8, y: baseline(rows.middle(row)), fill: colours.text },
            text(values[row] ?? ''),
          ),
        ],
      });
    }),
    zeroLine(rows),
  );
}

/** The relative change per 1 %: an elasticity of 0.6 is "+0.6 %". */
function signedPercent(elasticity: number): string {
  const percent = formatPercent(elasticity / 100);
  return elasticity > 0 ? `+${percent}` : percent;
}
