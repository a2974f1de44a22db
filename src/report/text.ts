import { costText } from './wording/cost';
import { probesText } from './wording/estimateText';
import { frobeniusNormText } from './wording/frobenius';
import { learningRateAnswer } from './wording/learningRate';
import { lossOptionTexts } from './wording/lossText';
import { largestText } from './wording/eigenvaluesText';
import { evenGuess } from './wording/evenGuess';
import { lossWords } from './wording/lossWords';
import { formatCount, formatEstimate, formatNumber, formatPercent } from './wording/number';
import { rowsText } from './wording/rowsText';
import { downwardSentences } from './wording/saddle';
import { movedText } from './wording/samplingText';
import { printable } from './printable';
import type { EigenvalueBound, LayerReport, Method, PrintedReport, Report, TopSample } from './report';
import { eigenvalueLines, foundText, type Line } from './textEigenvalues';
import { layerTable } from './textLayers';

const methodNames: Readonly<Record<Method, string>> = {
  'closed-form': 'closed form',
  exact: 'exact Hessian',
  estimate: 'estimate from Hessian-vector products',
};

const labelNames = {
  given: 'labels given',
  predicted: "labels: the model's own predictions",
  drawn: "labels drawn from the model's own predicted distribution",
  none: 'no labels beside the inputs',
} as const;

/** Lines of a label and a text, the texts below each other. */
function align(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${label.padEnd(width)}   ${text}`.trimEnd());
}

function subjectLines(report: PrintedReport): Line[] {
  const { model, samples, analysis } = report;
  const producer = model.producer === null ? '' : `, ${model.producer}`;
  const classes = samples.classes === 0 ? '' : `, ${formatCount(samples.classes)} classes`;
  const origin = samples.source === 'random inputs' ? samples.source : `from ${samples.source}`;
  const scale = samples.scale === 1 ? '' : `, inputs × ${formatNumber(samples.scale)}`;
  const error = analysis.productError === 0 ? '' : ` (product error ${formatNumber(analysis.productError)})`;
  const stopped = analysis.stoppedBy === 'complete' ? '' : `, stopped by ${analysis.stoppedBy}`;
  const { estimate, trace } = report;
  const probes = estimate === undefined || trace === null ? null : probesText({ estimate, analysis, trace });
  return [
    ['Model', `${model.file} (${model.format}${producer})`],
    ['Architecture', model.architecture],
    ['Parameters', `${formatCount(model.parameters)} reached from the output "${model.output}"`],
    [
      'Samples',
      `${formatCount(samples.count)} ${origin}${rowsText(samples)}${classes}, ${labelNames[samples.labels]}${scale}`,
    ],
    ['Loss', lossLine(report)],
    ['Method', `${methodNames[report.method]}${stopped}, ${costText(analysis.cost)}`],
    ...(probes === null ? [] : [['Error bars', `${probes}; ± is one standard error`]]),
    [
      'Mode',
      `${analysis.mode}, ${analysis.precision}${error}, seed ${analysis.seed}, threads ${analysis.threads}`,
    ],
  ].map(([label = '', text = '']) => [label, printable(text)] as const);
}

function resultLines(report: Report): Line[] {
  const { bounds, gaussNewton } = report;
  const intervals = report.estimate?.intervals;
  const lines: Line[] = [
    ...lossLines(report),
    ['Trace of H', formatEstimate(report.trace, intervals?.trace)],
    ['‖H‖_F', frobeniusNormText(report) ?? ''],
    ...eigenvalueLines(report),
    ...responseLines(report),
  ];
  const [second] = bounds.eigenvalues;
  const last = bounds.eigenvalues.at(-1);
  const largest = largestText(report.eigenvalues);
  if (largest !== null) lines.push([largest.name, largest.text]);
  else if (second !== undefined && last !== undefined) {
    const several = last === second ? '' : ` … λ_${last.k}`;
    const upperOf = ({ k, upper }: EigenvalueBound): string =>
      formatEstimate(upper, intervals?.bounds.eigenvalues.find((each) => each.k === k)?.upper);
    const uppers = last === second ? '' : ` … ${upperOf(last)}`;
    lines.push([
      `λ_${second.k}${several}`,
      `${report.method === 'estimate' ? 'estimates of upper bounds' : 'upper bounds'} ${upperOf(second)}${uppers}`,
    ]);
  }
  if (gaussNewton !== null) {
    const bound = report.method === 'estimate' ? 'estimate of the upper bound' : 'upper bound';
    const upper = formatEstimate(gaussNewton.upper, gaussNewton.intervals?.upper);
    lines.push(['Gauss-Newton', `${bound} ${upper} on its λ_max`]);
  }
  if (report.scaleAdapted !== null) {
    lines.push([
      'Scale-adapted',
      `λ_max ${foundText(report.scaleAdapted.lambdaMax)}   (the same however layers are scaled against each other)`,
    ]);
  }
  if (report.preconditioned !== undefined) {
    lines.push([
      'For Adam',
      `λ_max ${foundText(report.preconditioned.lambdaMax)}   (of P^-½·H·P^-½, P = √v̂ + ε)`,
    ]);
  }
  lines.push(...spectrumLines(report));
  if (report.orthogonality !== null) {
    const share = formatPercent(report.orthogonality.crossSampleShare);
    lines.push(['Cross-sample', `${share} of ‖H‖_F² comes from pairs of different samples`]);
  }
  return [
    ...lines,
    ...unitLines(report.layers),
    ...sampleLines('Top samples', report.topSamples, '‖H‖_F²'),
    ...sampleLines('Sharpest at', report.sharpestSamples, 'λ_max'),
  ];
}

/** What a move of the weights costs, by forward passes. */
function responseLines({ response, samples }: Report): Line[] {
  if (response === null) return [];
  const { relativeStep, worst, random, scaleInvariant } = response;
  return [
    [
      `${formatPercent(relativeStep)} move`,
      `${movedText(samples, worst)} in the sharpest direction; ${movedText(samples, random)} in random ones`,
    ],
    ['λ_max·‖θ‖²', `${formatNumber(scaleInvariant)}   (whatever unit the weights are measured in)`],
  ];
}

/** How well the model fits, and whether its weights are at a critical point. */
function lossLines({ loss, samples, gradientNorm }: PrintedReport): Line[] {
  const guess = evenGuess({ loss, samples });
  const beside = guess === null ? '' : `   (${guess.text}, the loss of an even guess)`;
  return [
    ['Mean loss', `${formatNumber(samples.meanLoss)}${beside}`],
    ...(samples.accuracy === null ? [] : [['Accuracy', formatPercent(samples.accuracy, 4)] as const]),
    ...(gradientNorm === null
      ? []
      : [['‖∇L‖', `${formatNumber(gradientNorm)}   (0 at a critical point)`] as const]),
  ];
}

function spectrumLines({ spectrum, model }: Report): Line[] {
  if (spectrum === null) return [];
  const { method, values, probes, steps } = spectrum;
  if (method === 'quadrature') {
    return [
      ['Spectrum', `density from ${probes} × ${steps} Lanczos steps, in the report's JSON and HTML forms`],
    ];
  }
  const negative = (values ?? []).filter((value) => value < 0).length;
  const of = formatCount(values?.length ?? model.parameters);
  return [['Spectrum', `all ${of} eigenvalues, ${formatCount(negative)} of them negative`]];
}

/** So many units and samples are told of. */
const mostTold = 3;

/** The layer whose largest hidden units carry most. */
function unitLines(layers: readonly LayerReport[]): Line[] {
  const shares = layers.flatMap(({ name, units }) => {
    if (units === null || units.length === 0) return [];
    const largest = units.toSorted((one, other) => other - one).slice(0, mostTold);
    const share = largest.reduce((sum, unit) => sum + unit, 0);
    return [{ name, count: units.length, largest: largest.length, share }];
  });
  const [heaviest] = shares.toSorted((one, other) => other.share - one.share);
  if (heaviest === undefined) return [];
  const { name, count, largest, share } = heaviest;
  return [
    [
      'Hidden units',
      `the largest ${largest} of the ${formatCount(count)} fed by ${printable(name)} carry ${formatPercent(share)} of ‖H‖_F²`,
    ],
  ];
}

function sampleLines(label: string, samples: readonly TopSample[] | null, whole: string): Line[] {
  if (samples === null || samples.length === 0) return [];
  const largest = samples.slice(0, mostTold).map(({ index, label, predicted, share }) => {
    const facts = [
      ...(label === null ? [] : [`label ${formatNumber(label)}`]),
      ...(predicted === null || predicted === label ? [] : [`predicted ${formatNumber(predicted)}`]),
    ];
    return `#${formatCount(index)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`} ${formatPercent(share)}`;
  });
  return [[label, `${largest.join(', ')} of ${whole}`]];
}

function timeLine(time: Report['time']): string {
  const stages = Object.entries(time).filter(([stage]) => stage !== 'total' && stage !== 'certified');
  const parts = stages.map(([stage, seconds]) => `${printable(stage)} ${formatNumber(seconds)}`).join(', ');
  const total = time['total'];
  if (total === undefined) return parts;
  return parts === '' ? `${formatNumber(total)} s` : `${formatNumber(total)} s (${parts})`;
}

/** Breaks a sentence between words so that no line is longer than `width` (but a single long word is). */
function wrap(sentence: string, width: number): string[] {
  const lines: string[] = [];
  // A number and its unit are not parted, nor is the name of a setting.
  for (const word of sentence.split(/(?<!the setting) (?!%)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const lineWidth = 110;

/** The report as a table to read in a terminal; ends with a line feed. */
export function reportText(report: Report): string {
  const { sentences = [] } = learningRateAnswer(report) ?? {};
  const statement = [...sentences, ...downwardSentences(report)].flatMap((sentence) =>
    wrap(sentence, lineWidth),
  );
  return asSections([
    report.verdict === null ? [] : wrap(printable(report.verdict.text), lineWidth),
    align(subjectLines(report)),
    align(resultLines(report)),
    statement,
    layerTable(report),
    ...closingLines(report),
  ]);
}

/** The same of what was known when the time limit ended the analysis. */
export function cutReportText(report: PrintedReport): string {
  const { sharpness } = report;
  const found: Line[] =
    sharpness === undefined
      ? []
      : [
          ['λ_max', foundText(sharpness.lambdaMax)],
          ['λ_min', foundText(sharpness.lambdaMin)],
        ];
  return asSections([
    align(subjectLines(report)),
    align([...lossLines(report), ...found]),
    ...closingLines(report),
  ]);
}

function closingLines({ warnings, time }: PrintedReport): string[][] {
  return [
    warnings.flatMap(({ message }) => wrap(`Warning: ${printable(message)}`, lineWidth)),
    [`Time: ${timeLine(time)}`],
  ];
}

function asSections(sections: readonly (readonly string[])[]): string {
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}

/** "softmax cross-entropy (assumed), class weights balanced, label smoothing 0.1". */
function lossLine({ loss, lossAssumed, lossOptions }: PrintedReport): string {
  const name = `${lossWords[loss].inFull}${lossAssumed ? ' (assumed)' : ''}`;
  return [name, ...lossOptionTexts(lossOptions)].join(', ');
}
