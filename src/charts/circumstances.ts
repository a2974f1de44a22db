import { formatCount, formatNumber } from '../report/number';
import type { AnalysisFacts, Loss, Method, ModelFacts, SampleFacts } from '../report/report';

/** What the numbers depend on, in a few words each: the chips of the panel and of the HTML report. */

const methodNames: Readonly<Record<Method, string>> = {
  'closed-form': 'exact · closed form',
  exact: 'exact · full Hessian',
  estimate: 'estimate · error bars',
};

export function methodText(method: Method): string {
  return methodNames[method];
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
