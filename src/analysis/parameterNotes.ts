import type { Graph } from '../graph/graph';
import { isAnonymous } from '../graph/layerNames';
import type { Parameter, ParameterSurvey } from '../graph/parameters';
import { sizeOf } from '../graph/static/value';
import { formatCount } from '../report/wording/number';
import { printable } from '../report/printable';

/** Names in a sentence, at most. */
const mostNames = 6;
/** Of numbers that an exporter computed in float32 from others. */
const rounding = 1e-5;

/**
 * What a file does not tell for certain of its parameters: which constants were left out, which were counted though they stand
 * where a normalisation of the samples would, which biases are half of what the file holds, and which are another one's squares or norms, computed by the exporter.
 */
export function parameterNotes(graph: Graph, survey: ParameterSurvey): readonly string[] {
  const notes: string[] = [];
  const listed = (names: readonly string[]): string => {
    const shown = names.slice(0, mostNames).map((name) => `"${printable(name)}"${byteSize(graph, name)}`);
    const rest = names.length - shown.length;
    return shown.join(', ') + (rest > 0 ? ` and ${formatCount(rest)} more` : '');
  };
  if (survey.leftOut.length > 0) {
    notes.push(
      `Taken for fixed numbers and not counted as parameters: ${listed(survey.leftOut)}; --trained, or "trained" in the model’s sidecar, counts one.`,
    );
  }
  if (survey.assumed.length > 0) {
    notes.push(
      `Counted as parameters, though fixed numbers may stand before the first weight, too: ${listed(survey.assumed)}; --fixed, or "fixed" in the model’s sidecar, leaves one out.`,
    );
  }
  const halved = survey.parameters.filter(
    ({ name, tensor }) => tensor.data.length < (graph.initialisers.get(name)?.data.length ?? 0),
  );
  if (halved.length > 0) {
    notes.push(
      `The recurrent halves of these biases are zeros, as frameworks with one bias write them, and not counted as parameters: ${listed(halved.map(({ name }) => name))}.`,
    );
  }
  for (const { derived, original } of derivedCopies(survey.parameters)) {
    notes.push(
      `"${printable(derived)}" holds the squares or norms of "${printable(original)}": the exporter made two parameters of one, and the numbers are those of two; export without constant folding.`,
    );
  }
  return notes;
}

function byteSize(graph: Graph, name: string): string {
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
