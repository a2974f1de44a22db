import type { Graph } from '../graph/graph';
import { isAnonymous } from '../subject/layerNames';
import type { Parameter, ParameterChoice } from '../subject/parameters';
import type { Subject } from '../subject/subject';
import { operatorOf } from '../graph/operators';
import { sizeOf } from '../graph/static/value';
import { formatCount } from '../report/wording/number';
import { headNote } from '../loss/lossInput';
import { printable } from '../report/printable';
import type { Loss, Warning } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { foldedWeights } from '../report/wording/learningRate';
import { setting } from '../report/wording/settings';
import { takenFromFile } from './saidByFile';

/** Names in a sentence, at most. */
const mostNames = 6;
/** Of numbers that an exporter computed in float32 from others. */
const rounding = 1e-5;

type Notable = Pick<Subject, 'model' | 'graph' | 'output' | 'head' | 'survey' | 'split' | 'paddingRows'>;

/** What a reader should know of how the model was read, the gravest first. */
export function modelWarnings(
  subject: Notable,
  loss: Loss,
  request: Pick<AnalysisRequest, 'evaluation' | 'loss' | 'labelSmoothing' | 'training' | 'weightDecay'>,
  samples: number,
): readonly Warning[] {
  const folded = foldedWarning(subject);
  const notes = [
    headNote(subject, loss) ?? [],
    takenFromFile(subject.model.said, request),
    notesOfRequest(request, subject.survey.said),
    subject.model.notes?.({ samples, weightDecay: request.weightDecay }) ?? [],
    parameterNotes(subject),
  ].flat();
  return [
    ...(folded === null ? [] : [{ kind: foldedWeights, message: folded }]),
    ...notes.map((message) => ({ kind: 'model', message })),
  ];
}

/** What was asked for and a reader should know of. */
function notesOfRequest(
  { evaluation }: Pick<AnalysisRequest, 'evaluation'>,
  { trained, fixed }: ParameterChoice,
): readonly string[] {
  const quoted = (names: readonly string[]): string => names.map((name) => `"${printable(name)}"`).join(', ');
  return [
    ...(evaluation ? ['The model is analysed in evaluation mode, as asked.'] : []),
    ...(trained.length > 0 ? [`Counted as parameters, as asked: ${quoted(trained)}.`] : []),
    ...(fixed.length > 0 ? [`Held fixed and not counted as parameters, as asked: ${quoted(fixed)}.`] : []),
  ];
}

/** What PyTorch calls a weight that it computed from others, but for one that it only transposed. */
const foldedName = /^onnx::(Conv|ConvTranspose|Gemm)_\d+$/;

/** Weights that the exporter computed from the trained ones: batch normalisation, weight norm or a scale folded in. */
function foldedWarning({ graph, survey }: Notable): string | null {
  const folded = survey.parameters.filter(({ name }) => foldedName.test(name)).map(({ name }) => name);
  if (folded.length === 0) return null;
  return `The exporter folded other parameters into ${listed(graph, folded)} (batch normalisation, weight norm or a scale): these are the numbers of the deployed parametrisation, right for rounding or pruning it, not for its training, and no learning rate is told; for those of the trained parameters export after model.eval() with training=TrainingMode.PRESERVE, do_constant_folding=False and dynamo=False.`;
}

/**
 * What a file does not tell for certain of its parameters: which constants were left out, which were counted though they stand
 * where a normalisation of the samples would, which biases are half of what the file holds, and which are another one's squares or norms, computed by the exporter.
 */
export function parameterNotes({
  graph,
  survey,
  split,
  paddingRows,
}: Pick<Subject, 'graph' | 'survey' | 'split' | 'paddingRows'>): readonly string[] {
  const notes: string[] = [];
  if (survey.leftOut.length > 0) {
    notes.push(
      `Taken for fixed numbers and not counted as parameters: ${listed(graph, survey.leftOut)}; ${setting('trained')} counts one.`,
    );
  }
  if (survey.assumed.length > 0) {
    notes.push(
      `Counted as parameters, though fixed numbers may stand before the first weight, too: ${listed(graph, survey.assumed)}; ${setting('fixed')} leaves one out.`,
    );
  }
  if (split.length > 0) {
    notes.push(
      `Shared by several modules in the file, but counted for each of them, since their numbers are all equal and an exporter merges such: ${listed(graph, split)}.`,
    );
  }
  for (const [table, row] of Object.entries(paddingRows)) {
    notes.push(
      `Row ${String(row)} of "${printable(table)}" stands for no token (padding_idx): it is counted, but a lookup does not train it, so that the loss has no derivative there.`,
    );
  }
  const padding = survey.parameters.filter(looksPadded).map(({ name }) => name);
  if (padding.length > 0) {
    notes.push(
      `One row is zeros, as that of a padding index is, which training leaves alone (padding_idx); the file does not tell, and it is counted (“paddingRows” in the sidecar says so): ${listed(graph, padding)}.`,
    );
  }
  const halved = survey.parameters.filter(
    ({ name, tensor }) => tensor.data.length < (graph.initialisers.get(name)?.data.length ?? 0),
  );
  if (halved.length > 0) {
    notes.push(
      `The recurrent halves of these biases are zeros, as frameworks with one bias write them, and not counted as parameters: ${listed(
        graph,
        halved.map(({ name }) => name),
      )}.`,
    );
  }
  for (const { derived, original } of derivedCopies(survey.parameters)) {
    notes.push(
      `"${printable(derived)}" holds the squares or norms of "${printable(original)}": the exporter made two parameters of one, and the numbers are those of two; export without constant folding.`,
    );
  }
  return notes;
}

/** A table of an embedding with one row of zeros. */
function looksPadded({ name, node, inputIndex, tensor }: Parameter): boolean {
  // A reader that knows of the row has taken it out in front.
  if (node.inputs[inputIndex] !== name) return false;
  const isTable = operatorOf(node).tables?.some(([table]) => table === inputIndex) ?? false;
  const [rows = 0, width = 1] = tensor.dims;
  if (!isTable || tensor.dims.length !== 2) return false;
  let zeros = 0;
  for (let row = 0; row < rows; row++)
    if (tensor.data.subarray(row * width, (row + 1) * width).every((value) => Number(value) === 0)) zeros++;
  return zeros === 1 && rows > 2;
}

function listed(graph: Graph, names: readonly string[]): string {
  const shown = names.slice(0, mostNames).map((name) => `"${printable(name)}"${countText(graph, name)}`);
  const rest = names.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${formatCount(rest)} more` : '');
}

function countText(graph: Graph, name: string): string {
  const size = sizeOf(graph.initialisers.get(name)?.dims ?? []);
  return size === 1 ? '' : ` (${formatCount(size)} numbers)`;
}

/** Parameters that an exporter computed from another by squaring it, summing the squares along an axis, or the root of that. */
function derivedCopies(
  parameters: readonly Parameter[],
): readonly { readonly derived: string; readonly original: string }[] {
  const unnamed = parameters.filter(({ name }) => isAnonymous(name));
  return unnamed.flatMap((derived) => {
    const original = parameters.find((other) => other !== derived && isDerived(derived, other));
    return original === undefined ? [] : [{ derived: derived.name, original: original.name }];
  });
}

function isDerived({ tensor: derived }: Parameter, { tensor: original }: Parameter): boolean {
  const own = derived.data.length;
  const size = original.data.length;
  if (own < 2 || own > size || size % own !== 0) return false;
  const isEqual = (of: (at: number) => number): boolean => {
    for (let at = 0; at < own; at++) {
      const value = Number(derived.data[at]);
      const wanted = of(at);
      if (!(Math.abs(value - wanted) <= rounding * Math.abs(wanted)) || wanted === 0) return false;
    }
    return true;
  };
  // Row by row: large weights mostly differ in the first, and a model has many of them.
  const square = (at: number): number => Number(original.data[at]) ** 2;
  const count = size / own;
  const sumOfSquares = (row: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += square(row * count + i);
    return sum;
  };
  // Ones are their own squares, and the norms of anything of one number.
  const isTrivial = (value: number | bigint): boolean => Math.abs(Number(value)) === 1;
  if (size === own) return isEqual(square) && !derived.data.every(isTrivial);
  return isEqual(sumOfSquares) || isEqual((row) => Math.sqrt(sumOfSquares(row)));
}
