import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointsChart } from '../../../src/charts/checkpointsChart';
import { comparisonCards } from '../../../src/charts/comparisonCards';
import { comparisonPage } from '../../../src/charts/comparisonPage';
import { explanations } from '../../../src/charts/explanations';
import { layersOverChart } from '../../../src/charts/layersOverChart';
import { compare } from '../../../src/comparison/compare';
import { failedRow, rowOf } from '../../../src/comparison/row';
import type { Training } from '../../../src/report/report';
import { pageMark } from '../../../src/report/pageMark';
import { reportWith } from '../comparison/reports';
import { anyName, layer } from './reports';
import { elementsOf, place, readXml, textOf, type XmlElement } from './wellFormed';

const descent: Training = { optimiser: 'sgd', learningRate: 0.5, momentum: 0, batchSize: null };
const failure = { kind: 'DamagedModel', message: '"epoch-3.onnx" ends too early.', detail: null } as const;
const four = compare([
  rowOf('epoch-1.onnx', reportWith(8), descent),
  rowOf('epoch-2.onnx', reportWith(4, {}, { lower: 3, upper: 5 }), descent),
  failedRow('epoch-3.onnx', failure),
  rowOf('epoch-5.onnx', reportWith(2), descent),
]);

const lambdaMax = readXml(checkpointsChart(four, 'lambdaMax', { id: 'chart', width: 900 }));

function heights(svg: XmlElement): number[] {
  return elementsOf(svg, 'circle', 'checkpoint').map((point) => place(point, 'cy'));
}

describe('checkpointsChart', () => {
  it('has a point for each row with numbers, on one scale, and a cross for one that failed', () => {
    const [eight, four, two] = heights(lambdaMax);
    expect((two! - eight!) / (two! - four!)).toBeCloseTo(3, 1);
    expect(elementsOf(lambdaMax, 'path', 'failed')).toHaveLength(1);
    expect(textOf(elementsOf(lambdaMax, 'desc')[0]!)).toBe(
      'epoch-1.onnx: 8; epoch-2.onnx: 3 to 5; epoch-3.onnx: failed; epoch-5.onnx: 2',
    );
  });

  it('has places by the epochs in the names', () => {
    const [one, two, five] = elementsOf(lambdaMax, 'circle', 'checkpoint').map((point) => place(point, 'cx'));
    expect((five! - one!) / (two! - one!)).toBeCloseTo(4, 2);
  });

  it('has the interval as a whisker, the samples’ own error as a bar, and no line over a gap', () => {
    expect(elementsOf(lambdaMax, 'path', 'whisker')).toHaveLength(1);
    const bars = elementsOf(lambdaMax, 'line', 'sampling');
    expect(bars).toHaveLength(3);
    const [eight, four] = heights(lambdaMax);
    const unit = (four! - eight!) / 4;
    expect(place(bars[0]!, 'y1') - place(bars[0]!, 'y2')).toBeCloseTo(2 * 1.96 * 0.1 * unit, 1);
    expect(elementsOf(lambdaMax, 'path', 'curve')[0]!.attributes['d']).toMatch(/^M[^ML]+L[^ML]+M[^ML]+$/);
  });

  it('has the edge of stability at 2/η', () => {
    const edge = elementsOf(lambdaMax, 'path', 'edge')[0]!.attributes['d']!;
    const levels = [...edge.matchAll(/ ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(new Set(levels)).toEqual(new Set([heights(lambdaMax)[1]]));
    expect(textOf(lambdaMax)).toContain('edge of stability: λmax 4');
    const without = compare([rowOf('a', reportWith(1), null), rowOf('b', reportWith(2), null)]);
    expect(checkpointsChart(without, 'lambdaMax', { id: 'c', width: 300 })).not.toContain('class="edge"');
  });

  it('is logarithmic where numbers span many sizes, and never above 100 % for an accuracy', () => {
    const wide = compare([1, 10, 100].map((value) => rowOf(`step-${value}`, reportWith(value), null)));
    const [one, ten, hundred] = heights(
      readXml(checkpointsChart(wide, 'lambdaMax', { id: 'c', width: 300 })),
    );
    expect(one! - ten!).toBeCloseTo(ten! - hundred!, 1);
    const right = { ...reportWith(1).samples, accuracy: 1 };
    const perfect = compare(['a', 'b'].map((name) => rowOf(name, reportWith(1, { samples: right }), null)));
    const svg = readXml(checkpointsChart(perfect, 'accuracy', { id: 'c', width: 300 }));
    const labels = elementsOf(svg, 'text').flatMap((each) => /^([\d.]+) %$/.exec(textOf(each))?.[1] ?? []);
    expect(Math.max(...labels.map(Number))).toBe(100);
  });

  it('is well formed whatever names and numbers are', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, value), { minLength: 1, maxLength: 12 }), (rows) => {
        const comparison = compare(rows.map(([name, found]) => rowOf(name, reportWith(found), descent)));
        for (const width of [120, 900]) {
          const svg = checkpointsChart(comparison, 'lambdaMax', { id: 'c', width });
          expect(svg).not.toMatch(/NaN|Infinity/);
          readXml(svg);
          readXml(layersOverChart(comparison, { id: 'd', width }));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('layersOverChart', () => {
  it('stacks the layers of each row, negative ones below zero', () => {
    const svg = readXml(layersOverChart(four, { id: 'chart', width: 900 }));
    const bars = elementsOf(svg, 'rect', 'bar');
    expect(bars).toHaveLength(6);
    const zero = place(elementsOf(svg, 'line', 'axis')[0]!, 'y1');
    const [above, below] = bars;
    expect(place(above!, 'y') + place(above!, 'height')).toBeCloseTo(zero, 1);
    expect(place(below!, 'y')).toBeCloseTo(zero, 1);
    expect(place(above!, 'height') / place(below!, 'height')).toBeCloseTo(9, 0);
  });

  it('gathers the smallest of many layers', () => {
    const layers = Array.from({ length: 20 }, (_, at) => layer(`fc.${at}`, at + 1));
    const many = compare(['a', 'b'].map((name) => rowOf(name, reportWith(1, { layers }), null)));
    const svg = readXml(layersOverChart(many, { id: 'chart', width: 900 }));
    const told = elementsOf(svg, 'rect', 'bar').map(textOf);
    expect(told).toHaveLength(12);
    expect(told[5]).toBe('a, 15 other layers 120');
    expect(textOf(svg)).toContain('fc.19');
  });
});

describe('comparisonPage', () => {
  const page = comparisonPage(four);
  const body = readXml(/<main>[^]*<\/main>/.exec(page)![0]);

  it('has every card, with what it means, the failure’s sentence, and its JSON', () => {
    const text = textOf(body);
    for (const { title } of comparisonCards(four)) expect(text).toContain(title.replaceAll('λ_max', 'λmax'));
    expect(text).toContain(explanations.comparedRows.replaceAll('λ_max', 'λmax'));
    expect(text).toContain('"epoch-3.onnx" ends too early.');
    expect(text).toContain('At it (within 80 % to 125 % of it): epoch-2.onnx.');
    const json = /<script type="application\/json" id="comparison">([^<]*)<\/script>/.exec(page)?.[1];
    expect(JSON.parse(json ?? '')).toEqual(four);
  });

  it('stands alone, is marked as a page, and its ids are unique', () => {
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/\b(?:src|href|srcset)=|@import|url\((?!#)/);
    expect(page.slice(0, 256)).toContain(pageMark);
    const ids = page.match(/ id="[^"]+"/g)!;
    expect(new Set(ids).size).toBe(ids.length);
  });
});
