import { describe, expect, it } from 'vitest';
import { explanations } from '../../../src/charts/explanations';
import { planeHeatMap } from '../../../src/charts/planeHeatMap';
import { reportPage } from '../../../src/charts/reportPage';
import { slicesChart, slicesChartHeight } from '../../../src/charts/slicesChart';
import type { Plane, Slice } from '../../../src/report/report';
import { exactReport } from './reports';
import { elementsOf, place, readXml, textOf } from './wellFormed';

const step = [-0.02, -0.01, 0, 0.01, 0.02];
const slice = (direction: Slice['direction'], loss: Slice['loss']): Slice => ({
  direction,
  step,
  loss,
  parabola: [5, 2, 1, 2, 5],
});
const slices = [
  slice('sharpest', [9, 3, 1, 3, 9]),
  slice('gradient', [5, 2, 1, 2, null]),
  slice('random', [1, 1, 1, 1, 1]),
];

/** The heights of the points of a path, in its order. */
function heightsOf(path: string): number[] {
  return [...path.matchAll(/[ML][\d.-]+ ([\d.-]+)/g)].map((match) => Number(match[1]));
}

describe('slicesChart', () => {
  const svg = readXml(slicesChart(slices, { id: 'chart', width: 900 }));

  it('has a point for every loss that was measured, on one scale for all directions', () => {
    const points = elementsOf(svg, 'circle', 'measured-point').map((point) => place(point, 'cy'));
    expect(points).toHaveLength(14);
    const [far, , low] = points;
    // 9, 3 and 1: three quarters of the way from the least to the largest lie between the first two.
    expect((points[1]! - far!) / (low! - far!)).toBeCloseTo(6 / 8, 2);
    expect(points.slice(9)).toEqual(new Array(5).fill(low));
  });

  it('has the parabola beside it, dashed, and says in words which is which', () => {
    const [parabola] = elementsOf(svg, 'path', 'parabola');
    expect(parabola!.attributes['stroke-dasharray']).toBeDefined();
    const heights = heightsOf(parabola!.attributes['d']!);
    expect((heights[0]! - heights[2]!) / (heights[1]! - heights[2]!)).toBeCloseTo(4, 1);
    expect(textOf(svg)).toContain('measured');
    expect(textOf(svg)).toContain('predicted by slope and curvature');
    const described = textOf(elementsOf(svg, 'desc')[0]!);
    expect(described).toContain('sharpest direction: 9 at -2 %, 1 at 0 %, 9 at 2 %');
    expect(described).toContain('along the gradient: 5 at -2 %, 1 at 0 %, no number at 2 %');
  });

  it('stacks the directions where there is no room beside each other', () => {
    expect(slicesChartHeight(3, 300)).toBeGreaterThan(2.5 * slicesChartHeight(3, 900));
    const narrow = readXml(slicesChart(slices, { id: 'chart', width: 300 }));
    for (const point of elementsOf(narrow, 'circle', 'measured-point'))
      expect(place(point, 'cx')).toBeLessThanOrEqual(300);
  });

  it('shows what the curvature says where the loss flies off', () => {
    const wild = [slice('sharpest', [1e9, 1e4, 1, 1e4, 1e9])];
    const [parabola] = elementsOf(
      readXml(slicesChart(wild, { id: 'chart', width: 300 })),
      'path',
      'parabola',
    );
    const heights = heightsOf(parabola!.attributes['d']!);
    expect(heights[2]! - heights[0]!).toBeGreaterThan(20);
  });
});

describe('planeHeatMap', () => {
  const plane: Plane = {
    second: 'gradient',
    step: [-0.02, 0, 0.02],
    loss: [
      [4, 2, 4],
      [2, 1, 2],
      [4, 2, null],
    ],
  };

  it('is strongest where the loss is highest, and says between which losses it lies', () => {
    const svg = readXml(planeHeatMap(plane, { id: 'chart', width: 400 }));
    const fills = elementsOf(svg, 'path', 'cells').map((path) => Number(path.attributes['fill-opacity']));
    expect(fills).toEqual(fills.toSorted((a, b) => a - b));
    // The least is the ground; 2 and 4 have a path each, and what is no number is as strong as the largest.
    expect(fills).toHaveLength(2);
    expect(textOf(elementsOf(svg, 'desc')[0]!)).toContain('lies between 1 and 4');
  });
});

describe('the section of a move of the weights', () => {
  it('has the chart, the facts, the table of its numbers and what they mean, on the page', () => {
    const page = reportPage(exactReport);
    const body = readXml(/<main>[^]*<\/main>/.exec(page)![0]);
    const [card] = elementsOf(body, 'div', 'response');
    const text = textOf(card!);
    expect(text).toContain(explanations.response.replaceAll('λ_max', 'λmax'));
    expect(text).toContain('1 % along the sharpest');
    expect(elementsOf(card!, 'table')).toHaveLength(1);
    expect(elementsOf(card!, 'td')).toHaveLength(2 * 3 * 13);
    const { verdict } = exactReport;
    expect(textOf(elementsOf(body, 'section', 'verdict')[0]!)).toContain(verdict!.text);
  });
});
