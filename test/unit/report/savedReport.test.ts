import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reportPage } from '../../../src/charts/reportPage';
import { failureOf } from '../../../src/report/failure';
import { partialReportJson, readSavedReport } from '../../../src/report/savedReport';
import { reportJson } from '../../../src/report/schema';
import { exampleReport } from './exampleReport';

const whole = { whole: true, report: exampleReport };

it('a report is read back from its JSON and from its page, also with names that look like markup', () => {
  expect(readSavedReport('r', reportJson(exampleReport))).toEqual(whole);
  expect(readSavedReport('r', reportPage(exampleReport))).toEqual(whole);
  const model = {
    ...exampleReport.model,
    file: '</script><script type="application/json" id="report">{}</script>',
  };
  const odd = { ...exampleReport, model };
  expect(readSavedReport('r', reportPage(odd))).toEqual({ whole: true, report: odd });
});

it('what was known of one is read back as such, exported or cut by a time limit', () => {
  const { model, samples } = exampleReport;
  const known = { schema: 1, model, samples, gradientNorm: 3 } as const;
  expect(readSavedReport('r', partialReportJson(known))).toEqual({ whole: false, report: known });
  const cut = { ...exampleReport, trace: null, frobeniusSquared: null, bounds: null };
  const read = readSavedReport('r', reportJson(cut));
  expect(read.whole).toBe(false);
  expect(read.report).not.toHaveProperty('bounds');
  expect(read.report.gradientNorm).toBe(exampleReport.gradientNorm);
});

it.each([
  ['{', /is damaged: no JSON/],
  ['[]', /holds no report/],
  ['<html></html>', /a page without a report/],
  [JSON.stringify({ ...exampleReport, schema: 2 }), /schema 2, .* reads schema 1; update/],
  [JSON.stringify({ ...exampleReport, layers: 'none' }), /its field layers is damaged/],
])('refuses %s in one sentence', (text, sentence) => {
  let thrown: unknown = null;
  try {
    readSavedReport('r.json', text);
  } catch (error) {
    thrown = error;
  }
  const { kind, message } = failureOf(thrown);
  expect(kind).toBe('ReportUnreadable');
  expect(message).toMatch(/^The report r\.json cannot be shown: .*\.$/);
  expect(message).toMatch(sentence);
});

it('throws nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readSavedReport('r', text);
      } catch (error) {
        expect(failureOf(error).kind).toBe('ReportUnreadable');
      }
    }),
  );
});
