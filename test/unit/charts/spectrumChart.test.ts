import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRows, numberLine } from '../../../src/charts/numberLine';
import { spectrumBins, spectrumRows } from '../../../src/charts/spectrumBins';
import { spectrumChart, spectrumChartHeight } from '../../../src/charts/spectrumChart';
import type { Spectrum } from '../../../src/report/report';
import { bounds, digits, estimateReport, exactReport, interval } from './reports';
import { elementsOf, place, readXml, textOf, type XmlElement } from './wellFormed';

const options = { id: 'chart', width: 800 };
const exactSpectrum = exactReport.spectrum!;
const estimatedSpectrum = estimateReport.spectrum!;

/** Left and right of a label as a browser draws it in an ordinary font: 0.55 of its size a character. */
function extent(label: XmlElement): [number, number] {
  const width = textOf(label).length * 12 * 0.55;
  return [place(label, 'x') - width / 2, place(label, 'x') + width / 2];
}

/** Horizontal place of a mark's line, or null where it has none. */
function lineOf(svg: XmlElement, name: string): number | null {
  const [mark] = elementsOf(svg, 'g', `mark-${name}`);
  const d = mark === undefined ? undefined : elementsOf(mark, 'path')[0]?.attributes['d'];
  return d === undefined ? null : Number(/^M([\d.]+)/.exec(d)![1]);
}

describe('spectrumBins', () => {
  it('counts every eigenvalue once', () => {
    const bins = spectrumBins(exactSpectrum, exactReport.model);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(exactReport.model.parameters);
    for (const { from, to, count } of bins.slice(1, -2)) {
      const slack = 1e-9 * (to - from);
      const inside = (low: number, high: number) =>
        exactSpectrum.values!.filter((value) => value >= low && value < high).length;
      expect(count).toBeGreaterThanOrEqual(inside(from + slack, to - slack));
      expect(count).toBeLessThanOrEqual(inside(from - slack, to + slack));
    }
  });

  it('estimates with an error, in a table without empty bins', () => {
    const bins = spectrumBins(estimatedSpectrum, estimateReport.model);
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    expect(total / estimateReport.model.parameters).toBeCloseTo(1, 6);
    const rows = spectrumRows(bins);
    expect(rows).toHaveLength(bins.filter(({ count }) => count > 0).length);
    expect(rows.every(({ count }) => count.includes('±'))).toBe(true);
  });
});

describe('spectrumChart', () => {
  it('draws bars where all eigenvalues are counted, and marks λ_max, λ_min and the bounds', () => {
    const svg = readXml(spectrumChart({ ...exactReport, spectrum: exactSpectrum }, options));
    expect(elementsOf(svg, 'path', 'bar')).toHaveLength(1);
    expect(elementsOf(svg, 'path', 'spread')).toHaveLength(0);
    const labels = elementsOf(svg, 'text', 'mark-label').map(textOf);
    expect(labels).toEqual(['λmax 26.52', 'λmin -0.666', 'upper bound 33.87', '← lower bound -33.62']);
    const [max, upper] = [lineOf(svg, 'found-max')!, lineOf(svg, 'upper')!];
    const min = lineOf(svg, 'found-min')!;
    const { values } = exactSpectrum;
    expect((max - min) / (upper - min)).toBeCloseTo(
      (values![0]! - values!.at(-1)!) / (exactReport.bounds.lambdaMax.upper.value - values!.at(-1)!),
      2,
    );
    // Farther away than the spectrum is wide: told at the edge, without a line.
    expect(lineOf(svg, 'lower')).toBeNull();
    expect(textOf(svg)).toContain('on a logarithmic scale');
  });

  it('draws an estimate as a line with a band of its error, and says that the bound is one', () => {
    const svg = readXml(spectrumChart({ ...estimateReport, spectrum: estimatedSpectrum }, options));
    expect(elementsOf(svg, 'path', 'bar')).toHaveLength(0);
    expect(elementsOf(svg, 'path', 'density')).toHaveLength(1);
    expect(elementsOf(svg, 'path', 'spread')).toHaveLength(1);
    const text = textOf(svg);
    expect(text).toContain('estimated bound 68.2 ± 0.3');
    expect(text).not.toContain('upper bound');
  });

  it('is linear where the bins are alike, and has no marks where nothing is known', () => {
    const even: Spectrum = {
      ...exactSpectrum,
      grid: [0, 1, 2, 3],
      densities: [1 / 3, 1 / 3, 1 / 3],
      values: null,
    };
    const svg = readXml(spectrumChart({ spectrum: even, model: { parameters: 30 } }, options));
    expect(textOf(svg)).not.toContain('logarithmic');
    expect(elementsOf(svg, 'g', 'mark')).toHaveLength(0);
    expect(textOf(elementsOf(svg, 'desc')[0]!)).toContain('33 % of the eigenvalues lie between 0 and 1');
  });

  it('never lets two labels overlap or leave the picture', () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        number,
        fc.integer({ min: 340, max: 1200 }),
        (a, b, c, d, width) => {
          const [min = 0, max = 0] = [a, b].sort((one, other) => one - other);
          const svg = readXml(
            spectrumChart(
              {
                spectrum: {
                  ...estimatedSpectrum,
                  grid: [min - 1, min, max + 1],
                  densities: [1, 1],
                  spread: [0, 0],
                },
                model: { parameters: 100 },
                bounds: bounds([max, Math.max(c, max)], [Math.min(d, min), min]),
                sharpness: { lambdaMax: interval(max, max + 1), lambdaMin: interval(min - 1, min) },
              },
              { id: 'chart', width },
            ),
          );
          const labels = elementsOf(svg, 'text', 'mark-label');
          for (const [index, label] of labels.entries()) {
            const [left, right] = extent(label);
            expect(left).toBeGreaterThanOrEqual(-1);
            expect(right).toBeLessThanOrEqual(width + 1);
            expect(place(label, 'y')).toBeGreaterThan(8);
            for (const other of labels.slice(index + 1)) {
              if (place(other, 'y') !== place(label, 'y')) continue;
              const [otherLeft, otherRight] = extent(other);
              expect(right < otherLeft || otherRight < left).toBe(true);
            }
          }
          expect(place(svg, 'height')).toBe(spectrumChartHeight);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is not drawn of a closed form, which knows no spectrum', () => {
    expect(digits.spectrum).toBeNull();
  });
});

describe('inRows', () => {
  it('moves what would overlap to the next row', () => {
    const scale = numberLine([0, 100], 1000);
    const labels = inRows(
      [0, 1, 50].map((at) => ({ at: scale(at), width: 100 })),
      scale,
    );
    expect(labels.map(({ row }) => row)).toEqual([0, 1, 0]);
  });
});
