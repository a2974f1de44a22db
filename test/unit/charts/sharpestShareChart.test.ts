import { describe, expect, it } from 'vitest';
import { explanations } from '../../../src/charts/explanations';
import { reportPage } from '../../../src/charts/reportPage';
import { knownShares, sharpestShareChart } from '../../../src/charts/sharpestShareChart';
import { digits, layer } from './reports';
import { elementsOf, place, readXml, textOf } from './wellFormed';

const options = { id: 'chart', width: 640 };
const told = [0.2, 0.7, 0.1];
const layers = digits.layers.map((each, l) => ({ ...each, sharpestShare: told[l]! }));

describe('sharpestShareChart', () => {
  it('has bars in proportion to the shares, beside those of the parameters', () => {
    const svg = readXml(sharpestShareChart(knownShares(layers), options));
    const shares = elementsOf(svg, 'rect', 'bar-share').map((bar) => place(bar, 'width'));
    const parameters = elementsOf(svg, 'rect', 'bar-parameters').map((bar) => place(bar, 'width'));
    expect(shares[1]! / shares[0]!).toBeCloseTo(3.5, 1);
    // 2,080 of 2,778 parameters.
    expect(parameters[0]! / shares[1]!).toBeCloseTo(2080 / 2778 / 0.7, 1);
    expect(elementsOf(svg, 'text', 'value').map(textOf)).toEqual(['20 %', '70 %', '10 %']);
    expect(elementsOf(svg, 'g', 'row').map((row) => row.attributes['data-layer'])).toEqual(['0', '1', '2']);
    expect(textOf(elementsOf(svg, 'desc')[0]!)).toContain('fc.0: 20 %, with 75 % of the parameters');
  });

  it('draws the largest of many layers, in their order, and counts the rest', () => {
    const many = Array.from({ length: 40 }, (_, l) =>
      layer(`layer ${l}`, 1, { sharpestShare: (l + 1) / 820 }),
    );
    const svg = readXml(sharpestShareChart(knownShares(many), options));
    const rows = elementsOf(svg, 'g', 'row').map((row) => Number(row.attributes['data-layer']));
    expect(rows).toEqual(Array.from({ length: 16 }, (_, row) => 24 + row));
    expect(textOf(svg)).toContain('24 smaller not drawn');
    for (const bar of elementsOf(svg, 'rect', 'bar'))
      expect(place(bar, 'x') + place(bar, 'width')).toBeLessThanOrEqual(options.width);
  });
});

describe('the section of the sharpest direction', () => {
  it('is there where the shares are known, with what they mean, and not where they are not', () => {
    const page = reportPage({ ...digits, layers });
    const body = readXml(/<main>[^]*<\/main>/.exec(page)![0]);
    const [card] = elementsOf(body, 'div', 'sharpest');
    expect(textOf(card!)).toContain('fc.1 holds 70 % of it, with 19 % of the parameters.');
    expect(textOf(card!)).toContain(explanations.sharpestShare.replaceAll('λ_max', 'λmax'));
    expect(elementsOf(card!, 'svg')).toHaveLength(1);
    expect(reportPage(digits)).not.toContain('Where the sharpest direction lies');
  });
});
