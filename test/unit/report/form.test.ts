import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fields, nothingSaid, readSaid, readValue, showValue, type Said } from '../../../src/report/form';
import { wantedText } from '../../../src/report/optionValue';

const field = (key: keyof Said): (typeof fields)[number] => fields.find((each) => each.key === key)!;

it('has a field for all that can be said, each once', () => {
  expect(fields.map(({ key }) => key).toSorted()).toEqual(Object.keys(nothingSaid).toSorted());
  expect(new Set(fields.map(({ label }) => label)).size).toBe(fields.length);
});

it.each([
  ['scale', '0.5', 0.5],
  ['scale', '0', undefined],
  ['scale', '', null],
  ['precision', '', 0.01],
  ['precision', '1', undefined],
  ['precision', '0', undefined],
  ['seed', '1e3', 1000],
  ['seed', '-1', undefined],
  ['limit', '2.5', undefined],
  ['loss', 'auto', null],
  ['loss', 'hinge', undefined],
  ['method', 'auto', 'auto'],
  ['classWeights', '1, 2,0.5', [1, 2, 0.5]],
  ['posWeight', 'balanced', undefined],
  ['decayed', '*.weight, a', ['*.weight', 'a']],
  ['decayed', 'a,,b', undefined],
  ['inputs', 'x', { '': 'x' }],
  ['inputs', 'a=x, b = y', { a: 'x', b: 'y' }],
  ['inputs', 'a=x, a=y', undefined],
  ['labelSmoothing', '1', undefined],
  ['top', '101', undefined],
  ['evaluation', 'true', true],
] as const)('reads %s from “%s”', (key, text, value) => {
  expect(readValue(field(key), text)).toEqual(value);
});

it('shows what it reads', () => {
  for (const [key, value] of Object.entries({
    inputs: { a: 'x', b: 'y' },
    classWeights: [1, 2],
    loss: 'huber',
  })) {
    const said = { ...nothingSaid, [key]: value };
    expect(readValue(field(key as keyof Said), showValue(field(key as keyof Said), said))).toEqual(value);
  }
});

it('says in words what each field takes', () => {
  expect(wantedText(field('precision').value)).toBe('a number from 0.000001 to below 1');
  expect(wantedText(field('limit').value)).toBe('a whole number from 1 to 2147483647');
  expect(wantedText(field('scale').value)).toBe('a number other than 0');
  for (const each of fields) expect(wantedText(each.value)).not.toMatch(/--|e-3|undefined/);
});

it('takes from a webview only what a person could have typed', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(nothingSaid), 'samples'), fc.anything()),
      (raw) => {
        const said = readSaid(raw);
        if (said === null) return;
        for (const [key, value] of Object.entries(said)) {
          const each = field(key as keyof Said);
          const text = showValue(each, { ...nothingSaid, ...said });
          expect(readValue(each, text)).toEqual(value);
        }
      },
    ),
  );
});
