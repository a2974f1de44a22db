import { t } from '@vscode/l10n';
import { adamEdge } from '../report/wording/learningRate';
import { formatNumber, formatPercent } from '../report/wording/number';
import { namesText } from './compare';
import { atEdge } from './row';
import type { Comparison } from './schema';

/** Where the rows stand to the edge of stability that their learning rates set; nothing where none was said. */
export function edgeSentences({ rows }: Comparison): string[] {
  const stateless = rows.find(({ training, edge }) => training?.optimiser === 'adam' && edge === null);
  const told = (['hessian', 'preconditioned'] as const).flatMap((of) => sentencesOf(rows, of));
  const batches = rows.some(({ training, edge }) => edge !== null && (training?.batchSize ?? null) !== null);
  return [
    ...told,
    ...(batches ? [t('Mini-batches are stable for less.')] : []),
    ...(stateless?.training ? [adamEdge(stateless.training)] : []),
  ];
}

/** Of the rows whose edge is one of the Hessian, or of the preconditioned one: the two are not held against each other. */
function sentencesOf(rows: Comparison['rows'], of: 'hessian' | 'preconditioned'): string[] {
  const own = rows.flatMap(({ edge, training }, row) =>
    edge?.of === of && training !== null ? [{ row, training, ...edge }] : [],
  );
  const edges = [...new Set(own.map(({ lambdaMax }) => lambdaMax))];
  const [only] = edges;
  if (only === undefined) return [];
  const rates = [...new Set(own.flatMap(({ training }) => training.learningRate ?? []))];
  const isPlain = own.every(({ training }) => training.optimiser === 'sgd');
  const what =
    of === 'preconditioned'
      ? t(' of the Hessian preconditioned by the optimiser’s state')
      : isPlain
        ? ' (2/η)'
        : '';
  const line =
    edges.length === 1
      ? t`η = ${rates.map(formatNumber).join(', ')}: the edge of stability is a λ_max of ${formatNumber(only)}${what}.`
      : t`The learning rates differ, and with them the edge of stability${what}: a λ_max from ${formatNumber(Math.min(...edges))} to ${formatNumber(Math.max(...edges))}.`;
  const at = (wanted: string): number[] => own.flatMap(({ place, row }) => (place === wanted ? [row] : []));
  const [near, above, below] = [at('at'), at('above'), at('below')];
  const within = t`within ${formatPercent(atEdge.from)} to ${formatPercent(atEdge.to, 3)} of it`;
  return [
    line,
    ...(near.length === 0 ? [] : [t`At it (${within}): ${namesText(rows, near)}.`]),
    ...(above.length === 0
      ? []
      : [t`Above it: ${namesText(rows, above)}; with this rate the loss would rise there first.`]),
    ...(near.length === 0 && above.length === 0 && below.length > 0
      ? [t`None is at it (${within}): all are below.`]
      : []),
  ];
}
