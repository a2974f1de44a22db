import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksNotAsked, explanations } from '../../../src/charts/explanations';
import { reportPage } from '../../../src/charts/reportPage';
import { formatQuantity } from '../../../src/report/wording/number';
import type { Report } from '../../../src/report/report';
import { anyName, digits, estimateReport, exactReport, interval, layer } from './reports';
import { elementsOf, readXml, textOf, type XmlElement } from './wellFormed';

/** The page without its embedded JSON: all of it is closed as XML is, so the tests' own reader can check it. */
function bodyOf(page: string): XmlElement {
  return readXml(/<main>[^]*<\/main>/.exec(page)?.[0] ?? '');
}

function embedded(page: string): unknown {
  const json = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(page)?.[1];
  return JSON.parse(json ?? '');
}

describe('reportPage', () => {
  const page = reportPage(digits);
  const body = bodyOf(page);
  const text = textOf(body);

  it('has the report’s numbers, charts, tables, pictures and explanations', () => {
    for (const part of [
      'digits.onnx',
      'perceptron 64-32-16-10, tanh',
      'exact · closed form',
      '1,797 samples · digits.npz',
      '5.3e9 multiply-adds, 767 MB',
      `λmax ≤ ${formatQuantity(digits.bounds.lambdaMax.upper)}`,
      `Gauss-Newton part alone≤ ${formatQuantity(digits.gaussNewton!.upper)}`,
      '32 hidden units fed by fc.0',
      '#480, label 7, predicted 9',
      explanations.elasticity,
      explanations.crossSampleShare,
    ]) {
      expect(text).toContain(part);
    }
    expect(elementsOf(body, 'svg').filter(({ attributes }) => attributes['role'] === 'img')).toHaveLength(
      3 + 1 + 2 + 3 + 6,
    );
    const layers = elementsOf(body, 'table').find((each) =>
      textOf(each).startsWith('Layers, with every number'),
    );
    expect(elementsOf(layers!, 'tr')).toHaveLength(1 + digits.layers.length);
  });

  it('stands alone: no script that runs, nothing that is loaded, and ids that are unique', () => {
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/\b(?:src|href|srcset)=|@import|url\((?!#)/);
    expect(page).toContain("default-src 'none'");
    const ids = page.match(/ id="[^"]+"/g)!;
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is read in light and dark, and printed in light', () => {
    expect(page).toContain('@media screen and (prefers-color-scheme: dark)');
    expect(page).toContain('@media print');
  });

  it('holds the whole report as JSON', () => {
    expect(embedded(page)).toEqual(digits);
  });

  it('leaves out what is not known', () => {
    const bare: Report = {
      ...digits,
      blocks: null,
      orthogonality: null,
      topSamples: null,
      gaussNewton: null,
      layers: digits.layers.map((each) => ({ ...each, elasticity: null, units: null })),
    };
    const shown = bodyOf(reportPage(bare));
    expect(elementsOf(shown, 'svg')).toHaveLength(2);
    expect(textOf(shown)).not.toContain('What drives it');
  });

  it('has the spectrum of other methods, with its numbers as a table, and says what was not asked for', () => {
    const exactPage = bodyOf(reportPage(exactReport));
    expect(textOf(exactPage)).toContain('λmax = 26.52');
    expect(textOf(exactPage)).toContain('All 666 eigenvalues, counted in bins.');
    const bins = elementsOf(exactPage, 'table', 'numbers')
      .filter((table) => textOf(table).includes('How many eigenvalues'))
      .flatMap((table) => elementsOf(table, 'td'));
    expect(bins.reduce((sum, cell) => sum + Number(textOf(cell)), 0)).toBe(666);
    const estimated = textOf(bodyOf(reportPage(estimateReport)));
    for (const part of [
      'λmax = 53.1',
      'Certified at 99.9 %, between 53.11 and 53.14',
      'Estimate of the upper bound: 68.2 (67.7 to 68.8, 95 %)',
      'from 8.928e-5 (8.919e-5 to 8.937e-5, 95 %) to 68.2 (67.7 to 68.8, 95 %)',
      '40 random probes of the 113 that a pilot of 10 called for, ended by the product budget: 95 % intervals wider than the 1 % asked',
      'stopped by product budget',
      '-4.902 to -3.22, not certified: with 99.9 % confidence, after 24 Lanczos steps',
      blocksNotAsked,
    ]) {
      expect(estimated).toContain(part);
    }
  });

  it('has the scale-adapted sharpness where it was asked for, and explains it', () => {
    const lambdaMax = interval(3.11, 3.14, { steps: 9 });
    const page = textOf(bodyOf(reportPage({ ...digits, scaleAdapted: { lambdaMax } })));
    expect(page).toContain('3.11 to 3.14, certified at 99.9 % after 9 Lanczos steps');
    expect(page).toContain('every parameter is measured in units of its own size');
  });

  it('keeps any name inert, in its text and in its JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyName, fc.constantFrom('</script><script>alert(1)</script>', '<!--')),
        (name) => {
          const hostile: Report = {
            ...digits,
            model: { ...digits.model, file: name, architecture: name, output: name, producer: name },
            samples: { ...digits.samples, source: name },
            layers: digits.layers.map((each, index) =>
              layer(`${name}${index}`, 1, { kind: name, units: each.units }),
            ),
            warnings: [{ kind: name, message: name }],
          };
          const written = reportPage(hostile);
          expect(written.match(/<script/g)).toHaveLength(1);
          expect(written).not.toContain('<!--');
          expect(elementsOf(bodyOf(written), 'img')).toHaveLength(0);
          expect(embedded(written)).toEqual(JSON.parse(JSON.stringify(hostile)));
        },
      ),
      { numRuns: 25 },
    );
  });
});
