import { formatCount, formatNumber, formatQuantity } from '../report/number';
import { rowsText } from '../report/rowsText';
import type { Report } from '../report/report';
import { isEstimate, shownUpperBound } from '../report/sharpnessText';
import { blocksHeatMap } from './blocksHeatMap';
import { boundsChart } from './boundsChart';
import { methodText, precisionText } from './circumstances';
import { colours, resolveColours } from './colours';
import { contributionsChart } from './contributionsChart';
import { samplesDrawing } from './samplesDrawing';
import { spectrumChart } from './spectrumChart';
import { chart, element, label, text, type SvgText } from './svg';

const width = 860;
const margin = 28;
const inner = width - 2 * margin;
const headingHeight = 34;

/**
 * The report's charts as one picture that stands alone: what the numbers depend on is written above them. `theme` maps
 * the names of VS Code's colour variables to values, and what it lacks takes the charts' own light colours.
 */
export function reportDrawing(report: Report, theme: Readonly<Record<string, string>>): string {
  const { model, samples, bounds, layers, blocks, topSamples, spectrum } = report;
  const facts = [
    methodText(report),
    `${report.loss}${report.lossAssumed ? ' (assumed)' : ''}`,
    `${formatCount(samples.count)} samples of ${samples.source}${rowsText(samples)}`,
  ].join(' · ');
  const circumstances = [
    `${report.analysis.mode} mode`,
    precisionText(report.analysis),
    `mean loss ${formatNumber(samples.meanLoss)}`,
    `‖∇L‖ ${formatNumber(report.gradientNorm)}`,
  ].join(' · ');
  const names = layers.map(({ name }) => name);
  const upper = shownUpperBound(bounds, report.sharpness);
  const panels: [string, string][] = [
    [
      `${isEstimate(upper, report.method) ? 'Estimate of the upper bound' : 'Upper bound'} on the largest eigenvalue: ${formatQuantity(upper)}`,
      boundsChart(report, { id: 'bounds', width: inner }),
    ],
    ...(spectrum === null
      ? []
      : [
          [
            'How many eigenvalues lie where',
            spectrumChart({ ...report, spectrum }, { id: 'spectrum', width: inner }),
          ] satisfies [string, string],
        ]),
    [
      'Contribution of each layer to the upper bound',
      contributionsChart(layers, bounds.lambdaMax.upper.value, {
        id: 'contributions',
        width: inner,
        errorBar: report.estimate?.studentQuantile ?? 0,
      }),
    ],
    ...(blocks === null
      ? []
      : [
          [
            'Share of ‖H‖² between layers',
            blocksHeatMap(blocks, names, { id: 'blocks', width: 420 }),
          ] satisfies [string, string],
        ]),
    ...(topSamples === null || topSamples.length === 0
      ? []
      : [
          [
            'Samples that contribute most to ‖H‖²',
            samplesDrawing(topSamples, { id: 'samples', width: inner }),
          ] satisfies [string, string],
        ]),
  ];
  let top = 108;
  const placed: SvgText[] = [];
  for (const [heading, drawing] of panels) {
    placed.push(
      element(
        'text',
        { x: margin, y: top + 18, 'font-size': 14, 'font-weight': 600, fill: colours.text },
        text(heading),
      ),
      drawing.replace('<svg ', `<svg x="${String(margin)}" y="${String(top + headingHeight)}" `) as SvgText,
    );
    top += headingHeight + heightOf(drawing) + 20;
  }
  const whole = chart(
    {
      id: 'report',
      width,
      height: top + 8,
      title: `Sharpness of ${model.file}`,
      description: `${model.architecture}; ${facts} · ${circumstances}`,
    },
    element('rect', { width, height: top + 8, fill: colours.background }),
    label(
      model.file,
      { x: margin, y: 36, 'font-size': 18, 'font-weight': 600, fill: colours.text },
      inner * 0.65,
    ),
    label(
      `${model.architecture} · ${formatCount(model.parameters)} parameters`,
      { x: margin, y: 56, fill: colours.faint },
      inner,
    ),
    label(facts, { x: margin, y: 74, fill: colours.faint }, inner),
    label(circumstances, { x: margin, y: 92, fill: colours.faint }, inner),
    ...placed,
  );
  return resolveColours(whole, theme);
}

function heightOf(drawing: string): number {
  return Number(/ height="([\d.]+)"/.exec(drawing)?.[1] ?? 0);
}
