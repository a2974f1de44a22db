import { producers, sameOrder, throughViews } from '../graph/flow';
import { sizeOf } from '../graph/static/value';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss } from '../report/report';
import type { Labels, Samples } from '../samples/samples';
import { classAxis, isTransposedSoftmax, softmaxAxis } from '../subject/classAxis';
import type { AnalysedOutput } from '../subject/subject';
import { losses } from './losses';
import type { OutputRows } from './targets';
import { setting } from '../report/wording/settings';

/** Rows of an output, of which a sample has several. */
export interface PredictedRows extends OutputRows {
  /** C */
  readonly width: number;
}

/**
 * How an output makes several rows of each sample, one for every token or pixel: along which axis the classes lie, as the
 * softmax, the operator that makes the logits and the shape of the labels say.
 * @param dims of the output for one sample
 * @returns null where a sample has one row
 * @throws FailureError where nothing tells the axis, or labels and output do not fit each other
 */
export function predictedRows(
  subject: AnalysedOutput,
  dims: readonly number[],
  { labels, source }: Samples,
  requested: Loss | 'auto',
): PredictedRows | null {
  const { graph, head, output } = subject;
  const rank = dims.length + 1;
  const several = dims.filter((size) => size > 1).length;
  if (dims.length === 1 || several === 0) return null;
  const told = axisOfGraph(subject, rank, several > 1);
  // One axis alone counts the classes, unless those are known to lie along another: one number for each token.
  if (several === 1 && (told === null || dims[told - 1] !== 1)) return null;
  const kind = requested === 'auto' ? null : losses[requested].targets;
  const place = `The output "${printable(output)}" has the shape [${dims.join(', ')}] for every sample`;
  const alongAxis = (axis: number): PredictedRows => {
    const width = dims[axis - 1] ?? 1;
    return { classAxis: axis, width, perSample: sizeOf(dims) / width };
  };
  if (head.kind === 'none' && kind !== 'numbers' && isTransposedSoftmax(graph, output, rank))
    throw new FailureError(
      'UnsupportedStructure',
      `${place}, and a Transpose after its softmax; name the tensor before the softmax with ${setting('output')}.`,
    );
  const shape = labels?.kind === 'rows' ? labels.shape : undefined;
  if (
    labels === null ||
    (shape !== undefined && fitsEachNumber(shape.dims, dims) && !fitsRows(shape, dims, told))
  ) {
    if (told !== null) return alongAxis(told);
    // Errors of single numbers are averaged alike in whatever rows they stand.
    if (kind === 'numbers' || kind === 'probabilities' || isTargets(labels)) return alongAxis(rank - 1);
    throw new FailureError(
      'UnsupportedStructure',
      `${place}, and nothing tells along which axis it counts classes; give a class for every prediction as whole numbers, ask for ${setting('loss', 'mean-squared-error')}, or choose a tensor inside the model with ${setting('output')}.`,
    );
  }
  const fitting = axesOfLabels(labels, dims);
  const chosen = told !== null && fitting.includes(told) ? told : fitting[0];
  if (chosen === undefined || (told !== null && chosen !== told)) {
    const wanted =
      told === null ? 'a class for every prediction' : `shape [${classDims(dims, told).join(', ')}]`;
    const held =
      labels.kind === 'classes'
        ? 'one label'
        : `labels of shape [${(shape?.dims ?? [labels.width]).join(', ')}]`;
    throw new FailureError(
      'SampleShapeMismatch',
      `${place}, but ${source} holds ${held} for each; give labels of ${wanted} or targets of the output's shape, or choose another output with ${setting('output')}.`,
    );
  }
  if (told === null && fitting.length > 1)
    throw new FailureError(
      'UnsupportedStructure',
      `${place}, and the labels fit it along axis ${fitting.join(' or ')}, so that nothing tells which of them counts classes; choose a tensor inside the model with ${setting('output')}.`,
    );
  return alongAxis(chosen);
}

/** As the softmax says, else the operator that makes the logits. */
function axisOfGraph(
  { graph, head, output }: AnalysedOutput,
  rank: number,
  isQuestion: boolean,
): number | null {
  if (head.kind === 'softmax') {
    const node = producers(graph).get(throughViews(producers(graph), output, sameOrder));
    const axis = node === undefined ? null : softmaxAxis(graph, node, rank);
    if (axis === 'joint' && isQuestion)
      throw new FailureError(
        'UnsupportedStructure',
        `The softmax of the output "${printable(output)}" runs over several axes at once (before operator set 13 it takes everything from its axis on as one row); export the model with operator set 13 or later.`,
      );
    if (axis === 'joint') return null;
    if (axis !== null) return axis;
  }
  return classAxis(graph, head.logits, rank);
}

/** Without axes of size 1. */
function proper(dims: readonly number[]): readonly number[] {
  return dims.filter((size) => size !== 1);
}

function alike(a: readonly number[], b: readonly number[]): boolean {
  return proper(a).join() === proper(b).join();
}

function classDims(dims: readonly number[], axis: number): readonly number[] {
  return dims.toSpliced(axis - 1, 1);
}

/** One number for every number of the output. */
function fitsEachNumber(labelDims: readonly number[], dims: readonly number[]): boolean {
  return alike(labelDims, dims);
}

/** One class for every row along an axis of the output: whole numbers. */
function fitsRows(
  { dims: own, whole }: NonNullable<Extract<Labels, { kind: 'rows' }>['shape']>,
  dims: readonly number[],
  told: number | null,
): boolean {
  return whole && told !== null && alike(own, classDims(dims, told));
}

/** Whether labels are whole numbers that may be classes: by type, or by value where they are no targets for every number. */
export function areClasses(labels: Extract<Labels, { kind: 'rows' }>, dims: readonly number[]): boolean {
  const { shape, values } = labels;
  if (shape === undefined) return false;
  return (
    shape.whole ||
    (!fitsEachNumber(shape.dims, dims) &&
      values.every((value) => Number.isInteger(value) || Number.isNaN(value)))
  );
}

/** The axes of the output along which the classes may lie that the labels are one of. */
function axesOfLabels(labels: Labels, dims: readonly number[]): readonly number[] {
  if (labels.kind === 'classes' || !areClasses(labels, dims)) return [];
  const own = labels.shape?.dims ?? [];
  return dims.flatMap((_, i) => (alike(own, classDims(dims, i + 1)) ? [i + 1] : []));
}

function isTargets(labels: Labels | null): boolean {
  return labels?.kind === 'rows' && labels.values.some((value) => value < 0 || value > 1);
}
