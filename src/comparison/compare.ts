import { changeOf, eachNumber } from './numbers';
import { inOrder, placeIn, shortPaths } from './order';
import type { ComparedRow } from './row';
import type {
  Comparison,
  ComparisonRow,
  ComparisonWarning,
  Difference,
  Numbers,
  SampleChanges,
} from './schema';
import { twinsOf, type ComparedTwins } from './twins';

/**
 * The rows beside each other: in order, their layers matched, what differs, and what they do not have in common.
 * @param bySample what is known of twins; of rows that are there no more it does not count
 */
export function compare(
  compared: readonly ComparedRow[],
  bySample: readonly ComparedTwins[] = [],
): Comparison {
  const names = shortPaths(compared.map(({ path }) => path));
  const named = compared.map((each, at) => {
    const name = names[at] ?? each.row.name;
    return { ...each, name, place: placeIn(name) };
  });
  const ordered = twinsTogether(inOrder(named));
  const rows = ordered.map(({ row, name, place }) => ({ ...row, name, place }));
  const twins = bySample.flatMap(({ float, twin, found }) => {
    const [from, to] = [float, twin].map((path) => ordered.findIndex((each) => each.path === path));
    return from === undefined || to === undefined || from < 0 || to < 0 ? [] : [{ from, to, found }];
  });
  const sampleChanges = twins
    .flatMap(({ from, to, found }) => ('fault' in found ? [] : [{ from, to, ...found }]))
    .sort((one, other) => one.to - other.to);
  return {
    schema: 1,
    rows,
    layers: matchedLayers(ordered),
    differences: differencesOf(rows, sampleChanges),
    sampleChanges,
    warnings: [
      ...unequal(rows),
      ...layerWarnings(ordered),
      ...twins.flatMap(({ from, to, found }) =>
        'fault' in found ? [notBySample(rows, [from, to], found.fault)] : [],
      ),
      ...ownWarnings(rows),
    ],
  };
}

/** Each row that was only run after the analysed one that it is held against. */
function twinsTogether<Row extends ComparedRow>(ordered: readonly Row[]): Row[] {
  const floats = new Map<ComparedRow, ComparedRow>(twinsOf(ordered).map(({ float, twin }) => [twin, float]));
  return ordered.flatMap((row) =>
    floats.has(row) ? [] : [row, ...ordered.filter((twin) => floats.get(twin) === row)],
  );
}

function notBySample(
  rows: readonly ComparisonRow[],
  pair: readonly number[],
  fault: string,
): ComparisonWarning {
  const message = `${listText(pair.map((at) => rows[at]?.name ?? ''))} are not compared sample by sample: ${fault}`;
  return { kind: 'not-by-sample', message, rows: [...pair] };
}

function matchedLayers(compared: readonly ComparedRow[]): Comparison['layers'] {
  const names = [...new Set(compared.flatMap(({ layers }) => layers.map(({ name }) => name)))];
  const byName = compared.map(({ layers }) => new Map(layers.map((layer) => [layer.name, layer])));
  return names.map((name) => ({
    name,
    contributions: byName.map((layers) => layers.get(name)?.contribution ?? null),
    sharpestShares: byName.map((layers) => layers.get(name)?.sharpestShare ?? null),
  }));
}

function differencesOf(
  rows: readonly ComparisonRow[],
  sampleChanges: readonly SampleChanges[],
): Difference[] {
  const known = rows.flatMap(({ numbers }, at) => (numbers === null ? [] : [{ at, numbers }]));
  const between = (from: Known, to: Known): Difference => {
    const paired = sampleChanges.find((each) => each.from === from.at && each.to === to.at)?.loss ?? null;
    return {
      from: from.at,
      to: to.at,
      numbers: eachNumber((name) =>
        name === 'loss' && paired !== null ? paired : changeOf(from.numbers[name], to.numbers[name]),
      ),
    };
  };
  const [first] = known;
  return known.flatMap((to, at) => {
    const before = known[at - 1];
    if (first === undefined || before === undefined) return [];
    return before === first ? [between(before, to)] : [between(before, to), between(first, to)];
  });
}

interface Known {
  readonly at: number;
  readonly numbers: Numbers;
}

type Subject = NonNullable<ComparisonRow['subject']>;

/** What rows should have in common, and what follows where they do not. */
const common: readonly {
  readonly kind: string;
  readonly name: string;
  /** null: it is not known of this row. */
  readonly of: (subject: Subject) => string | null;
  readonly consequence: string;
}[] = [
  {
    kind: 'losses-differ',
    name: 'losses',
    of: ({ loss }) => loss,
    consequence: 'losses, gradients and curvatures of different losses say nothing of each other',
  },
  {
    kind: 'samples-differ',
    name: 'samples',
    of: ({ samples }) => samples,
    consequence: 'what differs may be the samples and not the models',
  },
  {
    kind: 'scalings-differ',
    name: 'scalings of the inputs',
    of: ({ scale }) => `× ${scale}`,
    consequence: 'what differs may be the scaling and not the models',
  },
  {
    kind: 'outputs-differ',
    name: 'outputs that the loss is put on',
    of: ({ output }) => output,
    consequence: 'where they are not the same place of the network under another name, the losses differ',
  },
  {
    kind: 'architectures-differ',
    name: 'architectures',
    of: ({ architecture, parameters }) =>
      architecture === null ? null : `${architecture} with ${parameters} parameters`,
    consequence: 'they are compared by their totals, and layers by their names',
  },
];

function unequal(rows: readonly ComparisonRow[]): ComparisonWarning[] {
  return common.flatMap(({ kind, name, of, consequence }) => {
    const groups = grouped(rows, ({ subject }) => {
      const value = subject === null ? null : of(subject);
      return value === null ? [] : [value];
    });
    if (groups.size < 2) return [];
    const told = [...groups].map(([value, members]) => `${value} (${namesText(rows, members)})`);
    const message = `The ${name} differ: ${listText(told)}; ${consequence}.`;
    return [{ kind, message, rows: [...groups.values()].flat() }];
  });
}

/** Layers that not every row has. */
function layerWarnings(compared: readonly ComparedRow[]): ComparisonWarning[] {
  const rows = compared.flatMap(({ layers }, at) => (layers.length === 0 ? [] : [at]));
  const names = new Set(compared.flatMap(({ layers }) => layers.map(({ name }) => name)));
  const missing = [...names].filter((wanted) =>
    rows.some((at) => compared[at]?.layers.every(({ name }) => name !== wanted)),
  );
  if (missing.length === 0) return [];
  const message = `Not every model has the layers ${listText(missing)}: they are matched by name and left out where they are missing.`;
  return [{ kind: 'layers-differ', message, rows }];
}

/** The warnings of the reports, each once. */
function ownWarnings(rows: readonly ComparisonRow[]): ComparisonWarning[] {
  const groups = grouped(rows, ({ warnings }) => warnings.map((warning) => JSON.stringify(warning)));
  return [...groups].map(([key, members]) => {
    const { kind, message } = JSON.parse(key) as ComparisonRow['warnings'][number];
    return { kind, message: `${namesText(rows, members)}: ${message}`, rows: members };
  });
}

/** The rows by what they have. */
function grouped(
  rows: readonly ComparisonRow[],
  of: (row: ComparisonRow) => readonly string[],
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [at, row] of rows.entries())
    for (const value of of(row)) groups.set(value, [...(groups.get(value) ?? []), at]);
  return groups;
}

/** So many are named one by one. */
const mostNamed = 3;

/** "a.onnx, b.onnx and 3 others", or "all". */
export function namesText(rows: readonly ComparisonRow[], members: readonly number[]): string {
  if (members.length === rows.length && rows.length > 1) return 'all';
  return listText(members.map((at) => rows[at]?.name ?? ''));
}

function listText(names: readonly string[]): string {
  const told = names.length > mostNamed + 1 ? names.slice(0, mostNamed) : names;
  const others = names.length - told.length;
  return `${told.join(', ')}${others === 0 ? '' : ` and ${others} others`}`;
}
