import { formatCount, formatNumber, formatPercent } from '../report/number';
import type { AnalysisFacts, Loss, Method, ModelFacts, PartialReport, SampleFacts } from '../report/report';

/** What the numbers depend on, in a few words each: the chips of the panel and of the HTML report. */

/** "estimate · 1 %", "exact · 666 columns": the method, and how finely. */
export function methodText({ method, analysis, model }: PartialReport & { readonly method: Method }): string {
  switch (method) {
    case 'closed-form':
      return 'exact · closed form';
    case 'exact':
      return model === undefined
        ? 'exact · full Hessian'
        : `exact · ${formatCount(model.parameters)} columns`;
    case 'estimate':
      return analysis === undefined
        ? 'estimate · error bars'
        : `estimate · ${formatPercent(analysis.requestedPrecision)}`;
  }
}

/** What ended the analysis before it was complete; null where nothing did. */
export function stoppedText({ stoppedBy }: Pick<AnalysisFacts, 'stoppedBy'>): string | null {
  return stoppedBy === 'complete' ? null : `stopped by ${stoppedBy}`;
}

export function modelText(model: ModelFacts): string {
  return [
    model.architecture,
    `${formatCount(model.parameters)} parameters`,
    model.producer === null ? model.format : `${model.format} by ${model.producer}`,
  ].join(' · ');
}

export function lossText(loss: Loss, assumed: boolean): string {
  return assumed ? `${loss} · assumed` : loss;
}

export function samplesText({ count, source, scale, labels }: SampleFacts): string {
  const origin = { given: '', predicted: ' · labels predicted by the model', drawn: ' · labels drawn' };
  const scaled = scale === 1 ? '' : ` × ${formatNumber(scale)}`;
  return `${formatCount(count)} samples · ${source}${scaled}${origin[labels]}`;
}

export function precisionText({
  precision,
  productError,
}: Pick<AnalysisFacts, 'precision' | 'productError'>): string {
  return productError > 0 ? `${precision} · product error ${formatNumber(productError)}` : precision;
}
