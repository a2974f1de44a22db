import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { reportCsv } from '../../../src/report/csv';
import type { LayerReport, Report } from '../../../src/report/report';
import { exampleReport } from './exampleReport';

function withFirstLayer(change: Partial<LayerReport>): Report {
  return { ...exampleReport, layers: exampleReport.layers.map((layer) => ({ ...layer, ...change })) };
}

function rowsOf(report: Report): Record<string, string>[] {
  const { data, errors } = Papa.parse<Record<string, string>>(reportCsv(report), {
    header: true,
    skipEmptyLines: true,
  });
  expect(errors).toEqual([]);
  return data;
}

describe('reportCsv', () => {
  it('has one row per layer with every digit', () => {
    const rows = rowsOf(withFirstLayer({ trace: { value: 1 / 3, standardError: 1e-7 }, elasticity: -0.25 }));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ name: 'fc.0', kind: 'Linear', parameters: '1040', inputs: '64' });
    expect(rows[1]).toMatchObject({ name: 'fc.1', contribution: '-0.2', elasticity: '-0.25' });
    expect(Number(rows[0]?.['trace'])).toBe(1 / 3);
    expect(rows[0]?.['traceStandardError']).toBe('1e-7');
  });

  it('leaves empty what the report does not know', () => {
    const [row] = rowsOf(withFirstLayer({ coupling: null, elasticity: null }));
    expect(row).toMatchObject({ coupling: '', couplingStandardError: '', elasticity: '' });
  });

  it('keeps commas, quotation marks and line feeds of a name inside its cell', () => {
    const name = 'a,"b"\nc';
    expect(rowsOf(withFirstLayer({ name }))[0]?.['name']).toBe(name);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('lets no spreadsheet run the name %j', (name) => {
    expect(rowsOf(withFirstLayer({ name }))[0]?.['name']).toBe(`'${name}`);
  });
});
