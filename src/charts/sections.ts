import { t } from '@vscode/l10n';
import { endsText } from '../report/wording/eigenvaluesText';
import { formatCount, formatNumber, formatPercent } from '../report/wording/number';
import type { LayerReport, PartialReport } from '../report/report';
import {
  blocksAdvice,
  boundsAdvice,
  contributionsAdvice,
  eigenvaluesAdvice,
  elasticityAdvice,
  planeAdvice,
  responseAdvice,
  samplesAlikeAdvice,
  sharpestAdvice,
  spectrumAdvice,
  tableAdvice,
  topSamplesAdvice,
  unitsAdvice,
} from '../report/wording/advice';
import { movedText, splitHalfText } from '../report/wording/samplingText';
import { blocksHeatMap, blocksInCell, mostSeparateCells } from './blocksHeatMap';
import { boundsChart, boundsChartHeight } from './boundsChart';
import { boundsDetails, boundsFacts } from './boundsFacts';
import {
  betweenLayers,
  blockNumbers,
  contributionNumbers,
  gramNumbers,
  numbers,
  planeNumbers,
  unitNumbers,
} from './chartNumbers';
import { chart, factList, sentence, table, tag, type Chart, type Content } from './content';
import { contributionsChart, mostContributionBars } from './contributionsChart';
import { elasticityChart } from './elasticityChart';
import { blocksNotAsked } from './explanations';
import { gramHeatMap } from './gramHeatMap';
import { rowsOf, shownColumns, signed } from './layerColumns';
import { layerSizes, rowsHeight } from './layerRows';
import { planeHeatMap, planeHeight } from './planeHeatMap';
import { samplesDrawing } from './samplesDrawing';
import { section, type Section } from './section';
import { knownShares, sharpestShareChart, sharpestShareHeight } from './sharpestShareChart';
import { sliceNames, slicesChart, slicesChartHeight } from './slicesChart';
import { spectrumBins, spectrumRows, spectrumSource } from './spectrumBins';
import { spectrumChart, spectrumChartHeight } from './spectrumChart';
import { sampleList } from './topSamples';
import { unitNames, unitsChart, unitsChartHeight } from './unitsChart';

/** Pixels of a chart over the whole page. */
const wholePage = 960;
/** Kept free for the slices. */
const responseHeight = slicesChartHeight(3, wholePage);
/** Kept free for the layers before they are known. */
const layersHeight = 150;

/** An input that holds more of its layer’s share than this stands out. */
const outstandingShare = 0.5;

/** On what grounds an interval of an eigenvalue holds, in a word or two. */
const kindWords = { spectrum: t('exactly'), proved: 'proved', probabilistic: t('at 99.9 %') } as const;

/** What a cell of the picture of the blocks is, where it is several of them. */
function cellsSentence(layers: number): Content[] {
  const each = String(blocksInCell(layers));
  return each === '1'
    ? []
    : [sentence(t`Each cell is ${each} × ${each} blocks, and shows the strongest of them.`)];
}

function hasMany({ layers }: Pick<PartialReport, 'layers'>): boolean {
  return (layers?.length ?? 0) > mostSeparateCells;
}

/** In the order in which they are read. */
export const sections: readonly Section[] = [
  section({
    id: 'response',
    title: t('What a move of the weights costs'),
    term: 'response',
    place: 'response',
    fields: ['response', 'samples', 'sharpness', 'slices'],
    content: ({ response, samples, sharpness, slices }, pending) => {
      if (response === undefined || response === null || samples === undefined || !slices)
        return pending ? [{ kind: 'place', height: responseHeight }] : [];
      const step = formatPercent(response.relativeStep);
      const half = sharpness === undefined ? null : splitHalfText(sharpness);
      const rows = slices.flatMap(({ direction, step: steps, loss, parabola }) =>
        steps.map((each, at) => {
          const measured = loss[at] ?? null;
          return [
            `${sliceNames[direction]}, ${formatPercent(each)}`,
            measured === null ? t('no number') : formatNumber(measured),
            formatNumber(parabola[at] ?? 0),
          ];
        }),
      );
      return [
        chart({ height: responseHeight, pageWidth: wholePage }, (options) => slicesChart(slices, options)),
        factList([
          {
            name: t`${step} along the sharpest`,
            value: movedText(samples, response.worst),
            term: 'response',
          },
          { name: t`${step} at random`, value: movedText(samples, response.random), term: 'response' },
          {
            name: t('λ_max·‖θ‖²'),
            value: formatNumber(response.scaleInvariant),
            term: 'scaleInvariant',
          },
        ]),
        ...(half === null ? [] : [sentence(`${half.charAt(0).toUpperCase()}${half.slice(1)}.`)]),
        numbers(
          'slices',
          t('The loss along each direction'),
          [t('direction and distance'), t('measured'), t('predicted')],
          () => rows,
        ),
        sentence(responseAdvice({ response, samples })),
      ];
    },
    picture: 'charts',
  }),
  section({
    id: 'plane',
    title: t('The loss over two directions'),
    term: 'plane',
    place: 'response',
    fields: ['plane'],
    // A report of an earlier version, which the panel kept, lacks the field.
    content: ({ plane }) =>
      !plane
        ? []
        : [
            chart({ height: planeHeight(wholePage), pageWidth: 420, widest: 420 }, (options) =>
              planeHeatMap(plane, options),
            ),
            planeNumbers(plane),
            sentence(planeAdvice),
          ],
    picture: 'charts',
  }),
  section({
    id: 'sharpest',
    title: t('Where the sharpest direction lies'),
    term: 'sharpestShare',
    place: 'sharpest',
    look: () => 'wide driver',
    fields: ['layers'],
    content: ({ layers = [] }) => {
      const shares = knownShares(layers);
      const [largest] = shares;
      if (largest === undefined) return [];
      const { layer, index, share, ofParameters } = largest;
      return [
        ofLayer(
          index,
          t`${layer.name} holds ${formatPercent(share)} of it, with ${formatPercent(ofParameters)} of the parameters.`,
        ),
        chart({ height: sharpestShareHeight(shares.length), pageWidth: wholePage }, (options) =>
          sharpestShareChart(shares, options),
        ),
        numbers(
          'sharpest',
          t('Share of the sharpest direction by layer'),
          [t('layer'), t('share'), t('of the parameters')],
          () =>
            shares.map((each) => [
              each.layer.name,
              formatPercent(each.share),
              formatPercent(each.ofParameters),
            ]),
        ),
        ...withinLayers(layers),
        sentence(sharpestAdvice(layer, share, shares.length)),
      ];
    },
  }),
  section({
    id: 'bounds',
    title: t('The bounds'),
    term: 'bounds',
    place: 'bounds',
    fields: [
      'analysis',
      'bounds',
      'eigenvalues',
      'estimate',
      'frobeniusSquared',
      'gaussNewton',
      'gradientNorm',
      'method',
      'preconditioned',
      'scaleAdapted',
      'sharpness',
      'spectrum',
      'trace',
    ],
    content: (known, pending) => {
      const { bounds } = known;
      if (bounds === undefined && !pending) return [];
      return [
        bounds === undefined
          ? { kind: 'place', height: boundsChartHeight }
          : chart({ height: boundsChartHeight, pageWidth: wholePage }, (options) =>
              boundsChart({ ...known, bounds }, options),
            ),
        factList(boundsFacts(known)),
        numbers('bounds', t('Both ends of every bound'), ['', t('value')], () =>
          [...boundsFacts(known), ...boundsDetails(known)].map(({ name, value }) => [name, value]),
        ),
        ...(bounds === undefined ? [] : [sentence(boundsAdvice(known))]),
      ];
    },
    picture: 'charts',
  }),
  section({
    id: 'spectrum',
    title: t('The spectrum'),
    term: 'spectrum',
    place: 'spectrum',
    fields: ['bounds', 'method', 'model', 'sharpness', 'spectrum'],
    content: (known, pending) => {
      const { method, model, spectrum } = known;
      if (spectrum === undefined || spectrum === null || model === undefined) {
        // The closed form gives no spectrum; the others have one last.
        const awaited = pending && spectrum === undefined && (method === 'exact' || method === 'estimate');
        return awaited ? [{ kind: 'place', height: spectrumChartHeight }] : [];
      }
      return [
        chart({ height: spectrumChartHeight, pageWidth: wholePage }, (options) =>
          spectrumChart({ ...known, spectrum, model }, options),
        ),
        tag('p', { class: 'sentence source' }, spectrumSource(spectrum, model.parameters)),
        numbers('spectrum', t('How many eigenvalues lie in each bin'), ['λ', t('eigenvalues')], () =>
          spectrumRows(spectrumBins(spectrum, model)).map(({ range, count }) => [range, count]),
        ),
        sentence(spectrumAdvice(known)),
      ];
    },
    picture: 'charts',
  }),
  section({
    id: 'eigenvalues',
    title: t('The largest eigenvalues'),
    term: 'largest',
    place: 'spectrum',
    fields: ['eigenvalues', 'layers'],
    content: ({ eigenvalues, layers = [] }) => {
      if (eigenvalues === undefined || eigenvalues === null) return [];
      const [first, second] = eigenvalues;
      if (first === undefined || second === undefined) return [];
      const names = layers.map(({ name }) => name);
      const rows = eigenvalues.map(({ k, kind, shares, ...ends }) => {
        const largest = shares === null ? -1 : shares.indexOf(Math.max(...shares));
        const where =
          shares === null || largest < 0
            ? t('not told apart from its neighbours')
            : `${names[largest] ?? ''} ${formatPercent(shares[largest] ?? 0)}`;
        return [`λ${k}`, endsText(ends), kindWords[kind], where];
      });
      const head = ['', t('value'), t('certainty'), t('most of it in')];
      return [
        tag('div', { class: 'scroller' }, table({}, head, rows, t('The largest eigenvalues'))),
        sentence(eigenvaluesAdvice(first, second)),
      ];
    },
  }),
  section({
    id: 'contributions',
    title: t('Contribution of each layer to the upper bound'),
    term: 'contributions',
    place: 'layers',
    look: () => 'contributions',
    fields: ['blocks', 'bounds', 'estimate', 'layers'],
    content: ({ blocks, bounds, estimate, layers }, pending) => {
      if (layers === undefined || bounds === undefined)
        return pending ? [{ kind: 'place', height: layersHeight }] : [];
      return [
        chart(
          {
            height: rowsHeight(Math.min(layers.length, mostContributionBars)) + 30,
            pageWidth: hasMany({ layers }) || blocks === null ? 920 : 560,
          },
          (options) =>
            contributionsChart(layers, bounds.lambdaMax.upper.value, {
              ...options,
              errorBar: estimate?.studentQuantile ?? 0,
            }),
        ),
        contributionNumbers(layers, bounds.lambdaMax.upper.value),
        sentence(contributionsAdvice),
      ];
    },
    picture: 'charts',
  }),
  section({
    id: 'blocks',
    title: t('Share of ‖H‖² between layers'),
    term: 'blocks',
    place: 'layers',
    look: (known) => (known.blocks === null ? 'blocks absent' : hasMany(known) ? 'blocks many' : 'blocks'),
    fields: ['blocks', 'layers'],
    content: ({ blocks, layers }, pending) => {
      if (blocks === null) return [sentence(blocksNotAsked)];
      if (blocks === undefined || layers === undefined)
        return pending ? [{ kind: 'place', height: layersHeight }] : [];
      const names = layers.map(({ name }) => name);
      const widest = hasMany({ layers }) ? 720 : 380;
      return [
        chart({ height: layersHeight, pageWidth: widest, widest }, (options) =>
          blocksHeatMap(blocks, names, options),
        ),
        ...cellsSentence(blocks.length),
        blockNumbers(blocks, names),
        sentence(blocksAdvice(betweenLayers(blocks))),
      ];
    },
    picture: 'charts',
  }),
  section({
    id: 'table',
    title: t('All layers'),
    term: null,
    place: 'table',
    look: () => 'wide table',
    fields: ['bounds', 'layers', 'orthogonality'],
    content: (known) => {
      const rows = rowsOf(known);
      const shown = shownColumns(rows);
      const head = [t('layer'), ...shown.map((column) => column.head)];
      const cells = rows.map((row) => [
        `${row.layer.name} ${row.layer.kind} ${layerSizes(row.layer)}`,
        ...shown.map(({ text }) => text(row)),
      ]);
      const caption = t('Layers, with every number of each');
      return rows.length === 0
        ? []
        : [tag('div', { class: 'scroller' }, table({}, head, cells, caption)), sentence(tableAdvice)];
    },
  }),
  section({
    id: 'elasticity',
    title: t('What drives it: weights'),
    term: 'elasticity',
    place: 'drivers',
    look: () => 'driver',
    fields: ['layers'],
    content: ({ layers = [] }) => {
      const known = layers.filter(({ elasticity }) => elasticity !== null);
      if (known.length === 0) return [];
      return [
        sentence(t('Scaling a layer’s weight by +1 % changes the bound by')),
        chart(
          { height: rowsHeight(known.length), pageWidth: 560 },
          (options) => elasticityChart(layers, options) ?? '',
        ),
        numbers('elasticity', t('Change of the bound by layer'), [t('layer'), t('change')], () =>
          known.map(({ name, elasticity }) => [name, signed(elasticity ?? 0)]),
        ),
        sentence(elasticityAdvice(known)),
      ];
    },
  }),
  section({
    id: 'units',
    title: t('What drives it: widths'),
    term: 'units',
    place: 'drivers',
    look: () => 'driver',
    fields: ['layers'],
    content: ({ layers = [] }) => {
      const choices = layers.flatMap(({ name, units }, index) => {
        if (units === null || units.length === 0) return [];
        const largest = units.toSorted((one, other) => other - one).slice(0, 3);
        const carried = formatPercent(largest.reduce((sum, share) => sum + share, 0));
        const words = t`${formatCount(units.length)} hidden units fed by ${name}; the largest ${largest.length} carry ${carried} of ‖H‖².`;
        const drawn = chart({ height: unitsChartHeight, pageWidth: 290 }, (options) =>
          unitsChart(units, { ...options, layer: name, each: 'hidden unit' }),
        );
        const table = unitNumbers(`units-${index}`, units, unitNames['hidden unit'], name);
        return [
          { index, name, content: [ofLayer(index, words), drawn, table, ofLayer(index, unitsAdvice(units))] },
        ];
      });
      return choices.length === 0 ? [] : [{ kind: 'choice', layers: choices }];
    },
  }),
  section({
    id: 'gram',
    title: t('What drives it: samples'),
    term: 'orthogonality',
    place: 'drivers',
    look: () => 'driver',
    fields: ['layers', 'orthogonality'],
    content: ({ layers, orthogonality }) => {
      if (layers === undefined || orthogonality === undefined || orthogonality === null) return [];
      const { classes } = orthogonality;
      const choices = orthogonality.layers.flatMap(({ gram, crossSampleShare }, index) => {
        if (gram === null) return [];
        const name = layers[index]?.name ?? String(index);
        const ordered = classes === null ? '' : t(', ordered by class');
        const words = t`Cosines between the inputs of ${name} of ${gram.length} samples${ordered}; cross-sample share of its part ${formatPercent(crossSampleShare)}.`;
        const drawn = chart({ height: 170, pageWidth: 220, widest: 220 }, (options) =>
          gramHeatMap(gram, { ...options, layer: name, classes }),
        );
        const table = gramNumbers(`gram-${index}`, gram, classes);
        return [{ index, name, content: [drawn, ofLayer(index, words), table] }];
      });
      return [
        sentence(
          tag('strong', {}, formatPercent(orthogonality.crossSampleShare)),
          t(' of ‖H‖² comes from pairs of different samples: 0 % if no two samples acted together.'),
        ),
        ...(choices.length === 0 ? [] : [{ kind: 'choice', layers: choices } as const]),
        sentence(samplesAlikeAdvice(orthogonality.crossSampleShare)),
      ];
    },
  }),
  sampleSection('sharpest-samples', t('Samples that carry the sharpest direction'), 'sharpestSamples'),
  sampleSection('samples', t('Samples that contribute most to ‖H‖²'), 'topSamples'),
];

/** The places, in their order. */
export const places: readonly string[] = [...new Set(sections.map(({ place }) => place))];

/** The samples that stand in one of the report's fields. */
function sampleSection(id: string, title: string, field: 'sharpestSamples' | 'topSamples'): Section {
  return section({
    id,
    title,
    term: field,
    place: 'samples',
    fields: [field],
    content: (known) => {
      const samples = known[field] ?? [];
      return samples.length === 0 ? [] : [sampleList(samples), sentence(topSamplesAdvice(samples))];
    },
    picture: (report, options) => samplesDrawing(report[field] ?? [], options),
  });
}

/** The inputs and outputs of a layer by their shares of the sharpest direction. */
function withinLayers(layers: readonly LayerReport[]): Content[] {
  const choices = layers.flatMap(({ name, sharpestInputs, sharpestUnits, sharpestShare }, index) => {
    // Reports of an earlier version lack the fields.
    if (!sharpestInputs && !sharpestUnits) return [];
    const chartOf = (shares: readonly number[], each: 'input' | 'output'): Chart =>
      chart({ height: unitsChartHeight, pageWidth: 290 }, (options) =>
        unitsChart(shares, { ...options, layer: name, each }),
      );
    const most = sharpestInputs ? Math.max(...sharpestInputs) : 0;
    const outstanding =
      sharpestInputs && index === 0 && most > outstandingShare * (sharpestShare ?? 1)
        ? [
            ofLayer(
              index,
              t`Input ${formatCount(sharpestInputs.indexOf(most))} alone holds ${formatPercent(most)}: an input that is not scaled like the others stands out so.`,
            ),
          ]
        : [];
    const content = [
      ...(sharpestInputs
        ? [
            ofLayer(index, t`In the weights from each input of ${name}`),
            chartOf(sharpestInputs, 'input'),
            unitNumbers(`inputs-${index}`, sharpestInputs, unitNames.input, name),
          ]
        : []),
      ...(sharpestUnits
        ? [
            ofLayer(index, t`In the weights into each output of ${name}`),
            chartOf(sharpestUnits, 'output'),
            unitNumbers(`outputs-${index}`, sharpestUnits, unitNames.output, name),
          ]
        : []),
      ...outstanding,
    ];
    return [{ index, name, content }];
  });
  return choices.length === 0 ? [] : [{ kind: 'choice', layers: choices }];
}

function ofLayer(index: number, words: string): Content {
  return tag('p', { class: 'sentence', 'data-layer': index }, words);
}
