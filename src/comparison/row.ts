import type { Failure } from '../report/failure';
import type { PrintedReport, Range, Training } from '../report/report';
import { edgeFactor, holdsFoldedWeights } from '../report/wording/learningRate';
import { lossOptionTexts } from '../report/wording/lossText';
import { lossWords } from '../report/wording/lossWords';
import { formatCount } from '../report/wording/number';
import { numbersOf, type ComparedReport } from './numbers';
import { placeIn, shortPaths } from './order';
import type { ComparisonRow } from './schema';

/** A row with the layers of its report, by which they are matched. */
export interface ComparedRow {
  /** The file, by which it is named. */
  readonly path: string;
  readonly row: ComparisonRow;
  readonly layers: PrintedReport['layers'];
  /** How its file says that it is trained, and what tells where that stands; null of a failure. */
  readonly own: {
    readonly training: Training | null;
    /** λ_max of the Hessian, and of the one that Adam's state preconditions. */
    readonly edges: Readonly<Record<'hessian' | 'preconditioned', Eigenvalue | null>>;
    readonly folded: boolean;
  } | null;
}

type Eigenvalue = Range & { readonly certified: boolean };

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
export function rowOf(path: string, report: ComparedReport, said: Training | null): ComparedRow {
  const { model, samples, loss, lossOptions, verdict, warnings, layers } = report;
  const numbers = numbersOf(report);
  const row: ComparisonRow = {
    ...nothing,
    ...nameOf(path),
    sha256: model.sha256,
    subject: {
      architecture: model.architecture ?? null,
      parameters: model.parameters ?? null,
      output: model.output,
      loss: [lossWords[loss].inFull, ...lossOptionTexts(lossOptions)].join(', '),
      samples: `${formatCount(samples.count)} of ${samples.source}, labels ${samples.labels}`,
      scale: samples.scale,
    },
    numbers,
    verdict: verdict?.kind ?? null,
    warnings,
  };
  const edges = {
    hessian: report.sharpness?.lambdaMax ?? null,
    preconditioned: report.preconditioned?.lambdaMax ?? null,
  };
  const own = { training: report.training ?? null, edges, folded: holdsFoldedWeights(report) };
  return trainedAs({ path, row, layers, own }, said);
}

/** The row with the edge of another training: nothing is computed again. @param said null: as its file says */
export function trainedAs(compared: ComparedRow, said: Training | null): ComparedRow {
  const { row, own } = compared;
  if (row.numbers === null || own === null) return compared;
  const training = said ?? own.training;
  const edge = own.folded || training === null ? null : edgeOf(training, own.edges);
  return { ...compared, row: { ...row, training, edge } };
}

/** The row of a model that could not be analysed. */
export function failedRow(path: string, { kind, message }: Failure): ComparedRow {
  return { path, row: { ...nothing, ...nameOf(path), failure: { kind, message } }, layers: [], own: null };
}

/** The kind of the warning that says why of a model only loss and accuracy are told. */
const onlyRun = 'only-run';

/** The row of a model that cannot be differentiated, from its runs alone. @param reason the sentence of the refusal */
export function runRow(
  path: string,
  report: ComparedReport,
  said: Training | null,
  reason: string,
): ComparedRow {
  const message = `It is only run, for its loss and accuracy. ${reason}`;
  return rowOf(path, { ...report, warnings: [{ kind: onlyRun, message }, ...report.warnings] }, said);
}

/** Whether a row is of a model that was only run. */
export function isOnlyRun({ warnings }: Pick<ComparisonRow, 'warnings'>): boolean {
  return warnings.some(({ kind }) => kind === onlyRun);
}

/** Its name until others stand beside it. */
function nameOf(path: string): Pick<ComparisonRow, 'name' | 'place'> {
  const [name = path] = shortPaths([path]);
  return { name, place: placeIn(name) };
}

function edgeOf(training: Training, edges: NonNullable<ComparedRow['own']>['edges']): ComparisonRow['edge'] {
  const of = training.optimiser === 'adam' ? 'preconditioned' : 'hessian';
  const found = edges[of];
  // Without its state nothing tells where Adam stands.
  if (training.learningRate === null || (of === 'preconditioned' && found === null)) return null;
  const lambdaMax = edgeFactor(training) / training.learningRate;
  if (found?.certified !== true) return { of, lambdaMax, place: null };
  const share = (found.lower + found.upper) / 2 / lambdaMax;
  const place = share < atEdge.from ? 'below' : share <= atEdge.to ? 'at' : 'above';
  return { of, lambdaMax, place };
}
