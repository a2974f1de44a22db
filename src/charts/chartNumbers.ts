import { t } from '@vscode/l10n';
import type { LayerReport, Plane, Quantity, Report } from '../report/report';
import { formatNumber, formatPercent, formatQuantity } from '../report/wording/number';
import type { Numbers } from './content';
import { sliceNames } from './slicesChart';

/** Of parts that are told by their size, so many of the largest. */
const mostParts = 100;

/** The table behind a chart: its id's prefix, what it is called, its head and its rows. */
export function numbers(
  id: string,
  caption: string,
  head: readonly string[],
  rows: () => readonly (readonly string[])[],
): Numbers {
  return { kind: 'numbers', id: `${id}-numbers`, caption, head, rows };
}

interface Part {
  readonly name: string;
  readonly value: number;
}

/** Parts by their size, the largest first. */
function largest(parts: readonly Part[], format: (value: number) => string): string[][] {
  return parts
    .toSorted((one, other) => Math.abs(other.value) - Math.abs(one.value))
    .slice(0, mostParts)
    .map(({ name, value }) => [name, format(value)]);
}

/** The shares of a layer's units, or of its inputs. */
export function unitNumbers(id: string, shares: readonly number[], each: string, layer: string): Numbers {
  return numbers(id, t`Largest shares by ${each} of ${layer}`, [each, t('share')], () =>
    largest(
      shares.map((value, at) => ({ name: String(at), value })),
      formatPercent,
    ),
  );
}

/** The share of ‖H‖² in blocks of two different layers. */
export function betweenLayers(blocks: readonly (readonly Quantity[])[]): number {
  const whole = blocks.flat().reduce((sum, { value }) => sum + value, 0);
  const own = blocks.reduce((sum, row, at) => sum + (row[at]?.value ?? 0), 0);
  return whole > 0 ? 1 - own / whole : 0;
}

/** The blocks by their shares. */
export function blockNumbers(blocks: readonly (readonly Quantity[])[], names: readonly string[]): Numbers {
  const whole = blocks.flat().reduce((sum, { value }) => sum + value, 0) || 1;
  return numbers('blocks', t('Largest shares of ‖H‖² by block'), [t('block'), t('share')], () =>
    largest(
      blocks.flatMap((row, at) =>
        row.map(({ value }, other) => ({
          name: `${names[at] ?? ''} × ${names[other] ?? ''}`,
          value: value / whole,
        })),
      ),
      formatPercent,
    ),
  );
}

/** The cosines of pairs of samples, those of the largest. */
export function gramNumbers(
  id: string,
  gram: readonly (readonly number[])[],
  classes: NonNullable<Report['orthogonality']>['classes'],
): Numbers {
  const name = (at: number): string => `${at}${classes === null ? '' : t` (class ${classes[at] ?? '?'})`}`;
  return numbers(id, t('Largest cosines between samples'), [t('samples'), t('cosine')], () =>
    largest(
      gram.flatMap((row, at) =>
        row.slice(0, at).map((value, other) => ({ name: t`${name(other)} and ${name(at)}`, value })),
      ),
      formatNumber,
    ),
  );
}

/** The loss at every point of the plane. */
export function planeNumbers({ step, loss, second }: Plane): Numbers {
  const head = [
    `${sliceNames[second]} \\ ${sliceNames.sharpest}`,
    ...step.map((each) => formatPercent(each)),
  ];
  return numbers('plane', t('The loss over the plane'), head, () =>
    loss.map((row, at) => [
      formatPercent(step[at] ?? 0),
      ...row.map((value) => (value === null ? t('no number') : formatNumber(value))),
    ]),
  );
}

/** What each layer contributes, and what of it is its own. */
export function contributionNumbers(layers: readonly LayerReport[], upper: number): Numbers {
  const head = [t('layer'), t('contribution'), t('share'), t('own curvature'), t('coupling')];
  return numbers('contributions', t('Contribution of every layer'), head, () =>
    layers.map(({ name, contribution, ownCurvature, coupling }) => [
      name,
      formatQuantity(contribution),
      upper > 0 ? formatPercent(contribution.value / upper) : '–',
      ...[ownCurvature, coupling].map((each) => (each === null ? '–' : formatQuantity(each))),
    ]),
  );
}
