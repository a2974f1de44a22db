import { t } from '@vscode/l10n';
import { adamEdge, plainDescent } from '../report/wording/learningRate';
import { formatNumber, formatPercent } from '../report/wording/number';
import { namesText } from './compare';
import { atEdge } from './row';
import type { Comparison } from './schema';

/** Where the rows stand to the edge of stability that their learning rates set; nothing where none was said. */
export function edgeSentences({ rows }: Comparison): string[] {
  const [adam] = rows.flatMap(({ training }) => (training?.optimiser === 'adam' ? [training] : []));
  const edges = [...new Set(rows.flatMap(({ edge }) => (edge === null ? [] : [edge.lambdaMax])))];
  if (edges.length === 0) return adam === undefined ? [] : [adamEdge(adam)];
  const rates = [...new Set(rows.flatMap(({ training }) => training?.learningRate ?? []))];
  const { optimiser } = rows.find(({ edge }) => edge !== null)?.training ?? plainDescent;
  const formula =
    optimiser === 'sgd'
      ? ' (2/η)'
      : optimiser === 'adam'
        ? t(' of the Hessian preconditioned by the optimiser’s state')
        : '';
  const [only, ...others] = edges;
  const line =
    only !== undefined && others.length === 0
      ? t`η = ${rates.map(formatNumber).join(', ')}: the edge of stability is a λ_max of ${formatNumber(only)}${formula}.`
      : t`The learning rates differ, and with them the edge of stability${formula}: a λ_max from ${formatNumber(Math.min(...edges))} to ${formatNumber(Math.max(...edges))}.`;
  const at = (wanted: string): number[] => rows.flatMap(({ edge }, k) => (edge?.place === wanted ? [k] : []));
  const [near, above, below] = [at('at'), at('above'), at('below')];
  const within = t`within ${formatPercent(atEdge.from)} to ${formatPercent(atEdge.to, 3)} of it`;
  const stands = [
    ...(near.length === 0 ? [] : [t`At it (${within}): ${namesText(rows, near)}.`]),
    ...(above.length === 0
      ? []
      : [t`Above it: ${namesText(rows, above)}; with this rate the loss would rise there first.`]),
    ...(near.length === 0 && above.length === 0 && below.length > 0
      ? [t`None is at it (${within}): all are below.`]
      : []),
  ];
  const batches = rows.some(({ training }) => (training?.batchSize ?? null) !== null);
  return [line, ...stands, ...(batches ? [t('Mini-batches are stable for less.')] : [])];
}
