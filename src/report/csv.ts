import type { LayerReport, Quantity, Report } from './report';

/** One column of the table of layers; a quantity takes two, the second its standard error. */
type Column = readonly [name: string, cell: (layer: LayerReport) => string | number | null];

function quantityColumns(name: string, quantity: (layer: LayerReport) => Quantity | null): Column[] {
  return [
    [name, (layer) => quantity(layer)?.value ?? null],
    [`${name}StandardError`, (layer) => quantity(layer)?.standardError ?? null],
  ];
}

const columns: readonly Column[] = [
  ['name', (layer) => layer.name],
  ['kind', (layer) => layer.kind],
  ['parameters', (layer) => layer.parameters],
  ['inputs', (layer) => layer.inputs],
  ['outputs', (layer) => layer.outputs],
  ['weightNorm', (layer) => layer.weightNorm],
  ...quantityColumns('trace', (layer) => layer.trace),
  ...quantityColumns('ownCurvature', (layer) => layer.ownCurvature),
  ...quantityColumns('coupling', (layer) => layer.coupling),
  ...quantityColumns('contribution', (layer) => layer.contribution),
  ...quantityColumns('blockUpperBound', (layer) => layer.blockUpperBound),
  ['elasticity', (layer) => layer.elasticity],
];

/** A name that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The layers as CSV (RFC 4180): a head, then one row per layer with every digit; empty where the report has null. */
export function reportCsv(report: Report): string {
  const head = columns.map(([name]) => name).join(',');
  const rows = report.layers.map((layer) => columns.map(([, cell]) => csvCell(cell(layer))).join(','));
  return [head, ...rows].map((line) => `${line}\r\n`).join('');
}
