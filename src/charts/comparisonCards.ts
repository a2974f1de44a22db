import { t } from '@vscode/l10n';
import { edgeSentences } from '../comparison/edge';
import { comparedNumbers, comparedText } from '../comparison/numbers';
import type { Comparison, NumberName } from '../comparison/schema';
import {
  differenceTable,
  errorBarsText,
  failureLines,
  knownNumbers,
  risenTable,
  rowTable,
  sampleChangesSentence,
  summarySentence,
} from '../comparison/text';
import { comparedAdvice } from '../report/wording/advice';
import { formatNumber, formatPercent, formatQuantity } from '../report/wording/number';
import type { PaletteName } from './colours';
import { checkpointsChart, checkpointsChartHeight } from './checkpointsChart';
import { numbers } from './chartNumbers';
import { chart, sentence, table, tag, type Content } from './content';
import type { Term } from './explanations';
import { chartsIn, standalonePicture } from './standalonePicture';
import { layersOverChart, layersOverChartHeight } from './layersOverChart';

/** A card of a comparison, for the panel and the page alike. */
export interface ComparisonCard {
  /** Prefixes the ids of its charts. */
  readonly id: string;
  readonly title: string;
  readonly term: Term | null;
  /** Cards of one place stand side by side where there is room. */
  readonly place: string;
  readonly content: readonly Content[];
}

/** Pixels of a chart over the whole page, and of one of two beside each other. */
const wholePage = 960;
const halfPage = 440;

/** What the small charts are called; λ_max has a card of its own. */
const titles: Readonly<Partial<Record<NumberName, string>>> = {
  loss: t('Loss'),
  accuracy: t('Accuracy'),
  gradientNorm: '‖∇L‖',
  moveCost: t('What a move of 1 % costs'),
  scaleInvariant: 'λ_max·‖θ‖²',
  upperBound: t('Upper bound U'),
};

/** Everything that a comparison shows, in the order in which it is read. */
export function comparisonCards(comparison: Comparison): ComparisonCard[] {
  const { rows, warnings, differences, sampleChanges, layers } = comparison;
  const known = knownNumbers(comparison);
  const summary = summarySentence(comparison);
  const failures = failureLines(comparison);
  const cards: (ComparisonCard | null)[] = [
    rows.length === 0
      ? null
      : {
          id: 'rows',
          title: t('The models'),
          term: 'comparedRows',
          place: 'rows',
          content: [
            ...(summary === null ? [] : [sentence(summary)]),
            tableOf(rowTable(comparison), t('Numbers of every model')),
            ...failures.map((line) => sentence(line)),
            sentence(comparedAdvice.rows),
          ],
        },
    warnings.length === 0
      ? null
      : {
          id: 'warnings',
          title: t('Warnings'),
          term: null,
          place: 'warnings',
          content: [tag('ul', {}, ...warnings.map(({ message }) => tag('li', {}, message)))],
        },
    known.includes('lambdaMax')
      ? {
          id: 'edge',
          title: t('λ_max and the edge of stability'),
          term: 'comparedEdge',
          place: 'edge',
          content: [
            ...chartOf(comparison, 'lambdaMax', wholePage),
            ...edgeSentences(comparison).map((each) => sentence(each)),
            sentence(comparedAdvice.lambdaMax),
          ],
        }
      : null,
    ...Object.entries(titles).flatMap(([name, title]) =>
      known
        .filter((each) => each === name)
        .map((each) => ({
          id: `over-${each}`,
          title,
          term: null,
          place: 'curves',
          content: [...chartOf(comparison, each, halfPage), sentence(comparedAdvice[each])],
        })),
    ),
    layers.length === 0
      ? null
      : {
          id: 'layers-over',
          title: t('Contributions of the layers'),
          term: 'comparedLayers',
          place: 'stacks',
          content: [
            chart({ height: layersOverChartHeight(comparison, wholePage), pageWidth: wholePage }, (options) =>
              layersOverChart(comparison, options),
            ),
            layersOverNumbers(comparison),
            sentence(comparedAdvice.layers),
          ],
        },
    differences.length === 0
      ? null
      : {
          id: 'differences',
          title: t('What changed'),
          term: 'comparedDifferences',
          place: 'differences',
          content: [
            tableOf(differenceTable(comparison), t('Differences between the models')),
            sentence(errorBarsText(comparison)),
          ],
        },
    sampleChanges.length === 0
      ? null
      : {
          id: 'samples',
          title: t('What changed sample by sample'),
          term: 'comparedSamples',
          place: 'samples',
          content: [
            ...sampleChanges.flatMap((changes) => [
              sentence(sampleChangesSentence(comparison, changes)),
              ...(changes.risen.length === 0
                ? []
                : [tableOf(risenTable(changes), t('Samples whose loss rose most'))]),
            ]),
            sentence(comparedAdvice.samples),
          ],
        },
  ];
  return cards.filter((card) => card !== null);
}

/** One number over the models, and the table behind it. */
function chartOf(comparison: Comparison, name: NumberName, pageWidth: number): Content[] {
  const { head } = comparedNumbers[name];
  const withEdge =
    name === 'lambdaMax' && comparison.rows.some(({ edge }) => (edge?.lambdaMax ?? null) !== null);
  return [
    chart({ height: checkpointsChartHeight, pageWidth }, (options) =>
      checkpointsChart(comparison, name, options),
    ),
    numbers(
      `over-${name}`,
      t`${head} of every model`,
      [t('model'), head, ...(withEdge ? [t('edge')] : [])],
      () =>
        comparison.rows.map((row) => [
          row.name,
          comparedText(name, row.numbers?.[name] ?? null),
          ...(withEdge ? [row.edge?.lambdaMax ? formatNumber(row.edge.lambdaMax) : '–'] : []),
        ]),
    ),
  ];
}

function tableOf(
  { head, rows }: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] },
  caption: string,
): Content {
  const region = { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': caption };
  return tag('div', region, table({ class: 'compared' }, head, rows, caption));
}

/** Each layer's contribution, and its share of the sharpest direction, for every row with numbers. */
function layersOverNumbers({ layers, rows }: Comparison): Content {
  const known = rows.flatMap(({ name, numbers }, at) => (numbers === null ? [] : [{ name, at }]));
  const head = [t('Layer'), ...known.map(({ name }) => name)];
  return numbers('layers-over', t('Contribution of every layer'), head, () =>
    layers.map(({ name, contributions, sharpestShares }) => [
      name,
      ...known.map(({ at }) => {
        const contribution = contributions[at] ?? null;
        const share = sharpestShares[at] ?? null;
        if (contribution === null) return '–';
        return `${formatQuantity(contribution)}${share === null ? '' : t` (${formatPercent(share)} of the sharpest)`}`;
      }),
    ]),
  );
}

/** The charts of a card as a picture that stands alone. */
export function comparisonDrawing(
  comparison: Comparison,
  { id, title, content }: ComparisonCard,
  palette: PaletteName,
): string {
  const summary = summarySentence(comparison);
  const panels = chartsIn(content, title, 0, id).map(({ heading, draw }) => ({ heading, drawing: draw() }));
  return standalonePicture(
    {
      title: comparisonTitle(comparison),
      subtitle: comparison.rows.map(({ name }) => name).join(' · '),
      headline: comparedLambdaMax(comparison),
      facts: [...(summary === null ? [] : [summary]), ...edgeSentences(comparison)],
      panels,
    },
    palette,
  );
}

/** λ_max of the first and the last row that have one. */
function comparedLambdaMax({ rows }: Comparison): string | null {
  const known = rows.flatMap(({ numbers }) => (numbers?.lambdaMax ? [numbers.lambdaMax] : []));
  const ends = known.length > 1 ? [known[0], known.at(-1)] : known;
  const told = ends.map((each) => comparedText('lambdaMax', each ?? null));
  return told.length === 0 ? null : t`λ_max ${told.join(' → ')}`;
}

/** The heading of a comparison: "3 models compared". */
export function comparisonTitle({ rows }: Comparison): string {
  return t`${rows.length} models compared`;
}
