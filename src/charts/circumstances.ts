import { t } from '@vscode/l10n';
import { costText } from '../report/wording/cost';
import { lossOptionTexts } from '../report/wording/lossText';
import { formatCount, formatNumber, formatPercent } from '../report/wording/number';
import type { AnalysisFacts, Method, ModelFacts, PartialReport, SampleFacts } from '../report/report';
import { rowsText } from '../report/wording/rowsText';
import type { Term } from './explanations';

/** What the numbers depend on, in a few words. */
export interface Circumstance {
  readonly text: string;
  readonly term: Term;
  /** Whether it makes the numbers less than what was asked for. */
  readonly caution: boolean;
}

/** What is known of what the numbers depend on: the chips of the panel and of the page, the lines of the picture. */
export function circumstances(known: PartialReport): Circumstance[] {
  const { method, loss, lossAssumed = false, lossOptions, samples, analysis, time } = known;
  const total = time?.['total'];
  const rows: readonly (readonly [term: Term, text: string | undefined, caution?: boolean])[] = [
    ['method', method && methodText({ ...known, method })],
    ['loss', loss && (lossAssumed ? t`${loss} · assumed` : loss), lossAssumed],
    ...(lossOptions === undefined
      ? []
      : lossOptionTexts(lossOptions).map((text) => ['lossOptions', text] as const)),
    [
      'samples',
      samples && samplesText(samples),
      samples?.labels === 'predicted' || samples?.labels === 'drawn',
    ],
    ['mode', analysis && t`${analysis.mode} mode`],
    ['precision', analysis && precisionText(analysis)],
    ['seed', analysis && t`seed ${analysis.seed}`],
    ['stopped', stoppedText(analysis), true],
    ['cost', analysis && costText(analysis.cost)],
    ['time', total === undefined ? undefined : `${formatNumber(total)} s`],
  ];
  return rows.flatMap(([term, text, caution = false]) =>
    text === undefined ? [] : [{ term, text, caution }],
  );
}

/** "estimate · 1 %", "exact · 666 columns": the method, and how finely. */
export function methodText({ method, analysis, model }: PartialReport & { readonly method: Method }): string {
  switch (method) {
    case 'closed-form':
      return t('exact · closed form');
    case 'exact':
      return model === undefined
        ? t('exact · full Hessian')
        : t`exact · ${formatCount(model.parameters)} columns`;
    case 'estimate':
      return analysis === undefined
        ? t('estimate · error bars')
        : t`estimate · ${formatPercent(analysis.requestedPrecision)}`;
  }
}

/** What the model is, and what wrote it. */
export function modelText(model: ModelFacts): string {
  return [
    model.architecture,
    t`${formatCount(model.parameters)} parameters`,
    model.producer === null ? model.format : t`${model.format} by ${model.producer}`,
  ].join(' · ');
}

function samplesText(samples: SampleFacts): string {
  const { count, source, scale, labels } = samples;
  const origin = {
    given: '',
    predicted: t(' · labels predicted by the model'),
    drawn: t(' · labels drawn'),
    none: '',
  };
  const scaled = scale === 1 ? '' : ` × ${formatNumber(scale)}`;
  return t`${formatCount(count)} samples · ${source}${scaled}${rowsText(samples)}${origin[labels]}`;
}

function precisionText({ precision, productError }: AnalysisFacts): string {
  return productError > 0 ? t`${precision} · product error ${formatNumber(productError)}` : precision;
}

function stoppedText(analysis: AnalysisFacts | undefined): string | undefined {
  return analysis === undefined || analysis.stoppedBy === 'complete'
    ? undefined
    : t`stopped by ${analysis.stoppedBy}`;
}
