import { resolve } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import * as prettier from 'prettier';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src/report/failure';
import { printedReportSchema, reportJson, reportSchema } from '../../../src/report/schema';
import { exampleReport } from './exampleReport';

const publishedSchema = resolve('docs/report.schema.json');

describe('reportSchema', () => {
  it('reads a report as it is', () => {
    expect(v.parse(reportSchema, exampleReport)).toEqual(exampleReport);
  });

  it('drops the fields of a later version', () => {
    expect(v.parse(reportSchema, { ...exampleReport, laterField: {} })).toEqual(exampleReport);
  });

  it.each([
    ['a missing field', { ...exampleReport, trace: undefined }],
    ['another version', { ...exampleReport, schema: 2 }],
    ['NaN', { ...exampleReport, gradientNorm: NaN }],
    ['a quantity without its error', { ...exampleReport, trace: { value: 1 } }],
    ['an unknown method', { ...exampleReport, method: 'guess' }],
    ['no object', null],
  ])('refuses %s', (_, value) => {
    expect(v.is(reportSchema, value)).toBe(false);
  });

  it('is what docs/report.schema.json publishes (vitest -u writes it anew)', async () => {
    const schema = {
      $id: 'report.schema.json',
      title: 'Model Sharpness report',
      // JSON knows only finite numbers, and nothing of TypeScript's readonly.
      ...toJsonSchema(printedReportSchema, { ignoreActions: ['finite', 'readonly'] }),
    };
    const text = await prettier.format(JSON.stringify(schema), {
      ...(await prettier.resolveConfig(publishedSchema)),
      filepath: publishedSchema,
    });
    await expect(text).toMatchFileSnapshot(publishedSchema);
    const validate = new Ajv({ strict: true }).compile(JSON.parse(text) as object);
    expect(validate(JSON.parse(reportJson(exampleReport))), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...exampleReport, trace: 5 })).toBe(false);
  });
});

describe('reportJson', () => {
  it('reads back as the same report', () => {
    expect(JSON.parse(reportJson(exampleReport))).toEqual(exampleReport);
  });

  it('prints no report with a number that JSON would turn into null', () => {
    const broken = { ...exampleReport, trace: { value: Infinity, standardError: 0 } };
    expect(() => reportJson(broken)).toThrow(FailureError);
    expect(() => reportJson(broken)).toThrow(/field trace\.value/);
  });
});
