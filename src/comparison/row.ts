import type { Failure } from '../report/failure';
import type { PrintedReport, Training } from '../report/report';
import { edgeFactor, holdsFoldedWeights } from '../report/wording/learningRate';
import { lossOptionTexts } from '../report/wording/lossText';
import { lossWords } from '../report/wording/lossWords';
import { formatCount } from '../report/wording/number';
import { numbersOf } from './numbers';
import { placeIn, shortPaths } from './order';
import type { ComparisonRow, Numbers } from './schema';

/** A row with the layers of its report, by which they are matched. */
export interface ComparedRow {
  /** The file, by which it is named. */
  readonly path: string;
  readonly row: ComparisonRow;
  readonly layers: PrintedReport['layers'];
  /** How its file says that it is trained, and whether λ_max tells where that stands; null of a failure. */
  readonly own: {
    readonly training: Training | null;
    readonly certified: boolean;
    readonly folded: boolean;
  } | null;
}

/** λ_max within these parts of the edge is at it: training that sits there swings about it. */
export const atEdge = { from: 0.8, to: 1.25 } as const;

const nothing = {
  failure: null,
  sha256: null,
  subject: null,
  numbers: null,
  verdict: null,
  training: null,
  edge: null,
  warnings: [],
} as const;

/**
 * The row of a report.
 * @param path of its model, or of the report itself
 * @param said how the models are trained, as the user says; null: as the report says
 */
export function rowOf(path: string, report: PrintedReport, said: Training | null): ComparedRow {
  const { model, samples, loss, lossOptions, verdict, warnings, layers } = report;
  const numbers = numbersOf(report);
  const row: ComparisonRow = {
    ...nothing,
    ...nameOf(path),
    sha256: model.sha256,
    subject: {
      architecture: model.architecture,
      parameters: model.parameters,
      output: model.output,
      loss: [lossWords[loss].inFull, ...lossOptionTexts(lossOptions)].join(', '),
      samples: `${formatCount(samples.count)} of ${samples.source}, labels ${samples.labels}`,
      scale: samples.scale,
    },
    numbers,
    verdict: verdict?.kind ?? null,
    warnings,
  };
  const certified = report.sharpness?.lambdaMax.certified === true;
  const training = report.training ?? null;
  const own = { training, certified, folded: holdsFoldedWeights(report) };
  return trainedAs({ path, row, layers, own }, said);
}

/** The row with the edge of another training: nothing is computed again. @param said null: as its file says */
export function trainedAs(compared: ComparedRow, said: Training | null): ComparedRow {
  const { row, own } = compared;
  if (row.numbers === null || own === null) return compared;
  const training = said ?? own.training;
  const edge = own.folded ? null : edgeOf(training, row.numbers, own.certified);
  return { ...compared, row: { ...row, training, edge } };
}

/** The row of a model that could not be analysed. */
export function failedRow(path: string, { kind, message }: Failure): ComparedRow {
  return { path, row: { ...nothing, ...nameOf(path), failure: { kind, message } }, layers: [], own: null };
}

/** Its name until others stand beside it. */
function nameOf(path: string): Pick<ComparisonRow, 'name' | 'place'> {
  const [name = path] = shortPaths([path]);
  return { name, place: placeIn(name) };
}

function edgeOf(
  training: Training | null,
  { lambdaMax }: Numbers,
  certified: boolean,
): ComparisonRow['edge'] {
  const factor = training === null ? null : edgeFactor(training);
  if (factor === null || training?.learningRate === undefined || training.learningRate === null) return null;
  const edge = factor / training.learningRate;
  if (!certified || lambdaMax === null) return { lambdaMax: edge, place: null };
  const share = lambdaMax.value / edge;
  const place = share < atEdge.from ? 'below' : share <= atEdge.to ? 'at' : 'above';
  return { lambdaMax: edge, place };
}
