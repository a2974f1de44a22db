import { quoted } from '../../formats/quoted';
import { FailureError } from '../../report/failure';
import { nodeTitle } from './obstacle';
import type { Affine } from './values';

/**
 * Every weight must be free and used once. Refused are an initialiser in two layers, and two weights that hold the same
 * numbers, directly or transposed (exporters store a transposed copy of a tied weight). Numbers that are all equal prove
 * nothing: exporters merge equal constants, so two biases of zeros become one initialiser.
 */
export function checkFreeParameters(layers: readonly Affine[]): void {
  for (const layer of layers)
    if (layer.weight.length === 0)
      throw new FailureError(
        'NoParameters',
        `The node ${nodeTitle(layer.node)} has a weight without numbers (${String(layer.outputs)} × ${String(layer.inputs)}).`,
      );
  const telling = new Set(layers.filter(({ weight }) => varied(weight)));
  layers.forEach((later, i) => {
    for (const earlier of layers.slice(0, i)) {
      if (later.weightName === earlier.weightName || (telling.has(later) && sameWeights(earlier, later)))
        throw tied(earlier, later, earlier.weightName, later.weightName);
      if (later.bias === null || earlier.bias === null) continue;
      if (later.bias.name === earlier.bias.name && varied(later.bias.values))
        throw tied(earlier, later, earlier.bias.name, later.bias.name);
    }
  });
}

function varied(values: Float64Array): boolean {
  return values.some((value) => value !== values[0]);
}

function sameWeights(a: Affine, b: Affine): boolean {
  if (a.weight.length !== b.weight.length) return false;
  const same = a.inputs === b.inputs && a.weight.every((value, i) => value === b.weight[i]);
  const { inputs, outputs } = a;
  const transposed = () =>
    inputs === b.outputs &&
    a.weight.every((value, i) => value === b.weight[(i % inputs) * outputs + Math.floor(i / inputs)]);
  return same || transposed();
}

function tied(earlier: Affine, later: Affine, first: string, second: string): FailureError {
  const what =
    first === second
      ? `the tensor ${quoted(first)}`
      : `the same numbers (${quoted(first)}, ${quoted(second)})`;
  return new FailureError(
    'UnsupportedStructure',
    `The nodes ${nodeTitle(earlier.node)} and ${nodeTitle(later.node)} use ${what} twice: tied weights are not free ` +
      'parameters, and the closed form does not cover them.',
  );
}
