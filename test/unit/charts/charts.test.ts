import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksHeatMap } from '../../../src/charts/blocksHeatMap';
import { boundsChart } from '../../../src/charts/boundsChart';
import { contributionsChart, mostContributionBars } from '../../../src/charts/contributionsChart';
import { elasticityChart } from '../../../src/charts/elasticityChart';
import { gramHeatMap } from '../../../src/charts/gramHeatMap';
import { reportDrawing } from '../../../src/charts/reportDrawing';
import { samplePicture } from '../../../src/charts/samplePicture';
import { unitsChart } from '../../../src/charts/unitsChart';
import { formatPercent, formatQuantity } from '../../../src/report/wording/number';
import type { Quantity, SamplePicture } from '../../../src/report/report';
import { exampleEstimate } from '../report/exampleReport';
import { anyName, bounds, digits, estimateReport, exact, exactReport, interval, layer } from './reports';
import { elementsOf, place, readXml, textOf, type XmlElement } from './wellFormed';

const options = { id: 'chart', width: 640, errorBar: 0 };

/** Left and right of a text as a browser draws it in an ordinary font: 0.55 of its size a character. */
function extent(label: XmlElement): [number, number] {
  const width = textOf(label).length * 12 * 0.55;
  return [place(label, 'x') - width / 2, place(label, 'x') + width / 2];
}

describe('boundsChart', () => {
  it('writes all four ends, and says them to who cannot see', () => {
    const svg = readXml(boundsChart(digits, options));
    const { lambdaMax, lambdaMin } = digits.bounds;
    const ends = elementsOf(svg, 'text', 'end').map(textOf);
    expect(ends).toEqual([
      `≥ ${formatQuantity(lambdaMax.lower)}`,
      `≤ ${formatQuantity(lambdaMax.upper)}`,
      `≥ ${formatQuantity(lambdaMin.lower)}`,
      `≤ ${formatQuantity(lambdaMin.upper)}`,
    ]);
    expect(svg.attributes['role']).toBe('img');
    const [description] = elementsOf(svg, 'desc');
    expect(textOf(description!)).toContain('λ_max lies between 0.002883 and 1.599');
    expect(elementsOf(svg, 'path', 'whisker')).toHaveLength(0);
  });

  it('puts the bands in proportion on one scale, zero among them', () => {
    const svg = readXml(boundsChart({ bounds: bounds([1, 3], [-4, -1]) }, options));
    const [max, min] = elementsOf(svg, 'rect', 'band');
    const [zero] = elementsOf(svg, 'line', 'zero');
    const unit = place(max!, 'width') / 2;
    expect(place(min!, 'width')).toBeCloseTo(3 * unit, 0);
    expect(place(max!, 'x') - place(zero!, 'x1')).toBeCloseTo(unit, 0);
    expect(place(zero!, 'x1') - place(min!, 'x')).toBeCloseTo(4 * unit, 0);
  });

  it('marks the bounds of the next eigenvalues in the band', () => {
    const svg = readXml(boundsChart(digits, options));
    const ticks = elementsOf(svg, 'g', 'eigenvalue');
    expect(ticks.map(textOf)).toEqual(
      digits.bounds.eigenvalues.map(({ k, upper }) => `λ_${k} ≤ ${formatQuantity(upper)}`),
    );
    const places = ticks.map((tick) => place(elementsOf(tick, 'line')[0]!, 'x1'));
    expect(places).toEqual(places.toSorted((one, other) => other - one));
  });

  it('draws the 95 % interval of an estimated bound as its whisker, all of it in the picture', () => {
    const found = {
      lambdaMax: { lower: { lower: 0, upper: 2 }, upper: { lower: 9, upper: 15 }, blockwiseUpper: null },
      lambdaMin: { lower: { lower: -14, upper: -8 }, upper: { lower: -2, upper: 0 } },
      eigenvalues: [],
    };
    const estimate = { ...exampleEstimate, intervals: { ...exampleEstimate.intervals, bounds: found } };
    const svg = readXml(boundsChart({ bounds: bounds([1, 10], [-10, -1], 2), estimate }, options));
    const [max] = elementsOf(svg, 'rect', 'band-max');
    const unit = place(max!, 'width') / 9;
    const whiskers = elementsOf(svg, 'path', 'whisker').map((whisker) =>
      [...whisker.attributes['d']!.matchAll(/[ML]([\d.]+),/g)].map(([, x]) => Number(x)),
    );
    expect(whiskers).toHaveLength(2);
    for (const xs of whiskers) {
      expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo(6 * unit, 0);
      expect(Math.max(...xs)).toBeLessThanOrEqual(options.width);
      expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    }
    expect(Math.max(...whiskers[0]!)).toBeCloseTo(place(max!, 'x') + 14 * unit, 0);
    expect(textOf(elementsOf(svg, 'desc')[0]!)).toContain('between 1 ± 2 and 10 (9 to 15, 95 %)');
  });

  it('has room for numbers that are too small to be told apart', () => {
    const svg = readXml(boundsChart({ bounds: bounds([0, 0], [-5e-324, 5e-324]) }, options));
    expect(elementsOf(svg, 'text', 'end')).toHaveLength(4);
  });

  it('marks what was found, wide intervals by a hatched box, and says with which certainty', () => {
    const found = { lambdaMax: interval(2.5, 2.5001), lambdaMin: interval(-3, -1, { certified: false }) };
    const svg = readXml(boundsChart({ bounds: bounds([1, 4], [-4, -0.5]), sharpness: found }, options));
    const [max] = elementsOf(svg, 'rect', 'band-max');
    const unit = place(max!, 'width') / 3;
    const [mark] = elementsOf(svg, 'g', 'found-max');
    expect(elementsOf(mark!, 'rect')).toHaveLength(0);
    expect(place(elementsOf(mark!, 'line')[0]!, 'x1') - place(max!, 'x')).toBeCloseTo(1.5 * unit, 0);
    const [box] = elementsOf(svg, 'rect', 'found-interval');
    expect(place(box!, 'width')).toBeCloseTo(2 * unit, 0);
    expect(box!.attributes['fill']).toBe('url(#chart-found-min)');
    expect(elementsOf(svg, 'text', 'found-caption').map(textOf)).toEqual([
      '▼ λmax = 2.5, certified at 99.9 %',
      '▲ λmin between -3 and -1, not certified',
    ]);
    expect(textOf(elementsOf(svg, 'desc')[0]!)).toContain('λ_max = 2.5, certified at 99.9 %');
  });

  it('keeps what was found inside the picture at any width, even without an upper end', () => {
    const number = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.integer({ min: 320, max: 1200 }), (one, other, width) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const sharpness = { lambdaMax: interval(high, Infinity), lambdaMin: interval(low, high) };
        const svg = readXml(
          boundsChart({ bounds: bounds([0, high], [low, 0]), sharpness }, { id: 'chart', width }),
        );
        expect(elementsOf(svg, 'g', 'found-max')).toHaveLength(0);
        for (const line of elementsOf(svg, 'g', 'found-min').flatMap((mark) => elementsOf(mark, 'line'))) {
          expect(place(line, 'x1')).toBeGreaterThanOrEqual(0);
          expect(place(line, 'x1')).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it('draws all eigenvalues where they are known, and says of estimated bounds that they are', () => {
    const exactPicture = readXml(boundsChart(exactReport, options));
    const [ticks] = elementsOf(exactPicture, 'path', 'eigenvalues');
    expect(ticks!.attributes['d']!.split('M').length).toBeGreaterThan(20);
    const estimated = readXml(boundsChart(estimateReport, options));
    expect(elementsOf(estimated, 'path', 'eigenvalues')).toHaveLength(0);
    expect(elementsOf(estimated, 'path', 'whisker')).toHaveLength(2);
    expect(elementsOf(estimated, 'text', 'end').every((end) => textOf(end).startsWith('≈'))).toBe(true);
  });

  it('never lets two labels of a band overlap or leave the picture', () => {
    const number = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    const interval = fc
      .tuple(number, number)
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    fc.assert(
      fc.property(interval, interval, fc.integer({ min: 320, max: 1200 }), (max, min, width) => {
        const svg = readXml(boundsChart({ bounds: bounds(max, min) }, { id: 'chart', width }));
        const [maxLower, maxUpper, minLower, minUpper] = elementsOf(svg, 'text', 'end').map(extent);
        for (const [lower, upper] of [
          [maxLower!, maxUpper!],
          [minLower!, minUpper!],
        ] as const) {
          expect(lower[1]).toBeLessThan(upper[0]);
          expect(lower[0]).toBeGreaterThanOrEqual(-1);
          expect(upper[1]).toBeLessThanOrEqual(width + 1);
        }
      }),
    );
  });
});

describe('contributionsChart', () => {
  it('draws bars as long as the contributions, split as the layer’s row is', () => {
    const split = { ownCurvature: exact(3), coupling: exact(1) };
    const svg = readXml(contributionsChart([layer('a', 2, split), layer('b', 1, split)], 3, options));
    const [ownA, ownB] = elementsOf(svg, 'rect', 'bar-own');
    const [couplingA] = elementsOf(svg, 'rect', 'bar-coupling');
    expect(place(ownA!, 'width')).toBeCloseTo(3 * place(couplingA!, 'width'), 0);
    expect(place(ownA!, 'width')).toBeCloseTo(2 * place(ownB!, 'width'), 0);
    expect(couplingA!.attributes['fill']).toMatch(/^url\(#chart-hatch/);
    expect(elementsOf(svg, 'text', 'value').map(textOf)).toEqual(['267 %', '133 %']);
  });

  it('puts negative contributions to the left of zero', () => {
    const svg = readXml(contributionsChart([layer('a', 2), layer('b', -1)], 1, options));
    const [zero] = elementsOf(svg, 'line', 'axis');
    const bars = elementsOf(svg, 'rect', 'bar-own').filter((bar) => place(bar, 'height') > 10);
    expect(place(bars[0]!, 'x')).toBeCloseTo(place(zero!, 'x1'), 1);
    expect(place(bars[1]!, 'x') + place(bars[1]!, 'width')).toBeCloseTo(place(zero!, 'x1'), 1);
  });

  it('writes no share of a bound that is not positive, and splits nothing where blocks are not known', () => {
    const unknown = { ownCurvature: null, coupling: null };
    const svg = readXml(contributionsChart([layer('a', -2, unknown)], -2, options));
    expect(elementsOf(svg, 'text', 'value').map(textOf)).toEqual(['-2']);
    expect(elementsOf(svg, 'rect', 'bar-coupling')).toHaveLength(0);
    expect(elementsOf(svg, 'g', 'key')).toHaveLength(0);
  });

  it('draws the largest of very many layers in their order and counts the rest', () => {
    const many = Array.from({ length: 80 }, (_, index) => layer(`layer ${index}`, index));
    const svg = readXml(contributionsChart(many, 3160, options));
    const rows = elementsOf(svg, 'g', 'row');
    expect(rows).toHaveLength(mostContributionBars);
    expect(rows.map((row) => Number(row.attributes['data-layer']))).toEqual(
      Array.from({ length: mostContributionBars }, (_, place) => place + 80 - mostContributionBars),
    );
    expect(textOf(svg)).toContain(`${80 - mostContributionBars} smaller in the table`);
  });

  it('stays well-formed and inside its width for any names and numbers', () => {
    const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    const layers = fc.array(fc.tuple(anyName, number), { minLength: 0, maxLength: 30 });
    fc.assert(
      fc.property(layers, fc.integer({ min: 300, max: 1200 }), (drawn, width) => {
        const reports = drawn.map(([name, value]) => layer(name, value));
        const svg = readXml(contributionsChart(reports, 1, { ...options, width }));
        for (const bar of elementsOf(svg, 'rect', 'bar')) {
          expect(place(bar, 'x')).toBeGreaterThanOrEqual(0);
          expect(place(bar, 'x') + place(bar, 'width')).toBeLessThanOrEqual(width);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('contributionsChart of estimates', () => {
  it('has a whisker at every bar', () => {
    const { layers, bounds: found } = estimateReport;
    const svg = readXml(contributionsChart(layers, found.lambdaMax.upper.value, { ...options, errorBar: 2 }));
    expect(elementsOf(svg, 'path', 'whisker')).toHaveLength(mostContributionBars);
    expect(textOf(svg)).toContain(`${layers.length - mostContributionBars} smaller in the table`);
  });
});

describe('blocksHeatMap', () => {
  const names = digits.layers.map(({ name }) => name);

  it('gives every block its share, the strongest the strongest colour', () => {
    const svg = readXml(blocksHeatMap(digits.blocks!, names, { id: 'chart', width: 340 }));
    const cells = elementsOf(svg, 'g', 'cell');
    expect(cells).toHaveLength(9);
    const total = digits.blocks!.flat().reduce((sum, { value }) => sum + value, 0);
    const written = cells.map((cell) => textOf(elementsOf(cell, 'text')[0]!));
    expect(written).toEqual(digits.blocks!.flat().map(({ value }) => formatPercent(value / total)));
    const opacities = elementsOf(svg, 'rect', 'cells').map((cell) => place(cell, 'fill-opacity'));
    expect(opacities.indexOf(Math.max(...opacities))).toBe(0);
    expect(opacities.indexOf(Math.min(...opacities))).toBe(8);
    expect(cells[1]!.attributes['data-layer']).toBe('0 1');
    expect(cells[4]!.attributes['data-layer']).toBe('1');
  });

  it('draws very many layers as few paths', () => {
    const count = 60;
    const blocks = Array.from({ length: count }, (_, row) =>
      Array.from({ length: count }, (_unused, column) => exact(1 / (1 + Math.abs(row - column)))),
    );
    const many = Array.from({ length: count }, (_, index) => `layer ${index}`);
    const svg = readXml(blocksHeatMap(blocks, many, { id: 'chart', width: 340 }));
    expect(elementsOf(svg, 'path', 'cells').length).toBeLessThan(30);
    expect(elementsOf(svg, 'path', 'cells').length).toBeGreaterThan(5);
  });

  it('draws of five hundred layers no more cells than are seen, the strongest block of each', () => {
    const count = 500;
    const zero = exact(0);
    const blocks = Array.from({ length: count }, () => new Array<Quantity>(count).fill(zero));
    blocks[3]![499] = exact(1);
    const many = Array.from({ length: count }, (_, index) => `layer ${index}`);
    const svg = readXml(blocksHeatMap(blocks, many, { id: 'chart', width: 720 }));
    const paths = elementsOf(svg, 'path', 'cells').map(({ attributes }) => attributes['d']);
    // Row 0 and the last column: four layers are one cell.
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatch(/^M[\d.]+ 0H/);
    expect(paths[0]!.match(/Z/g)).toHaveLength(1);
    // A quarter of a million numbers are more than a call takes as arguments.
    const full = Array.from({ length: count }, () => new Array<Quantity>(count).fill(exact(1)));
    const cells = elementsOf(
      readXml(blocksHeatMap(full, many, { id: 'chart', width: 720 })),
      'path',
      'cells',
    );
    expect(cells.map(({ attributes }) => attributes['d']!.match(/Z/g)!.length)).toEqual([125 ** 2]);
  });

  it('draws blocks that are all zero', () => {
    const svg = readXml(blocksHeatMap([[exact(0)]], ['a'], { id: 'chart', width: 340 }));
    expect(textOf(elementsOf(svg, 'g', 'cell')[0]!)).toContain('0 %');
  });
});

describe('gramHeatMap', () => {
  it('draws opposed inputs in another colour than alike ones, and orthogonal ones not at all', () => {
    const colour = (cosine: number): string[] => {
      const gram = [
        [1, cosine],
        [cosine, 1],
      ];
      const svg = readXml(gramHeatMap(gram, { id: 'chart', width: 100, layer: 'fc', classes: null }));
      return elementsOf(svg, 'path', 'cells').map(({ attributes }) => attributes['fill']!);
    };
    expect(colour(0)).toHaveLength(1);
    const [alike, opposed] = colour(-0.9);
    expect(alike).toContain('blue');
    expect(opposed).toContain('orange');
    expect(colour(0.5).every((fill) => fill === alike)).toBe(true);
  });

  it('names the classes at its axis, each at the middle of its rows, as far as there is room', () => {
    const named = (classes: number[] | null, width = 400): XmlElement[] => {
      const gram = Array.from({ length: 64 }, () => new Array<number>(64).fill(1));
      const svg = readXml(gramHeatMap(gram, { id: 'chart', width, layer: 'fc', classes }));
      return elementsOf(svg, 'text', 'class-name');
    };
    expect(named(null)).toEqual([]);
    const halves = named([...new Array<number>(48).fill(3), ...new Array<number>(16).fill(12)]);
    expect(halves.map(textOf)).toEqual(['3', '12']);
    expect(place(halves[1]!, 'y') / place(halves[0]!, 'y')).toBeCloseTo(56 / 24, 0);
    const crowded = named(
      Array.from({ length: 64 }, (_, row) => row),
      200,
    );
    const places = crowded.map((label) => place(label, 'y'));
    expect(places.length).toBeGreaterThan(10);
    for (const [index, y] of places.entries()) {
      if (index > 0) expect(y - places[index - 1]!).toBeGreaterThanOrEqual(11);
    }
  });
});

describe('samplePicture', () => {
  /** The picture as its paths say it: rows of colours. */
  function painted(picture: SamplePicture): string[][] {
    const svg = readXml(samplePicture(picture, { side: 56, description: 'a picture' }));
    const rows = Array.from({ length: picture.height }, () => new Array<string>(picture.width).fill(''));
    for (const { attributes } of elementsOf(svg, 'path')) {
      for (const [, x, y, run] of attributes['d']!.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
        for (let at = Number(x); at < Number(x) + Number(run); at++) {
          expect(rows[Number(y)]![at]).toBe('');
          rows[Number(y)]![at] = attributes['fill']!;
        }
      }
    }
    return rows;
  }

  it('paints every pixel once, in its grey', () => {
    const size = fc.integer({ min: 1, max: 12 });
    const pictures = fc
      .tuple(size, size)
      .chain(([width, height]) =>
        fc
          .array(fc.integer({ min: 0, max: 255 }), { minLength: width * height, maxLength: width * height })
          .map((pixels): SamplePicture => ({ width, height, channels: 1, pixels })),
      );
    fc.assert(
      fc.property(pictures, (picture) => {
        const greys = picture.pixels.map((value) => `#${value.toString(16).padStart(2, '0').repeat(3)}`);
        expect(painted(picture).flat()).toEqual(greys);
      }),
    );
  });

  it('paints colours, to a sixteenth of each channel, and says what it is', () => {
    const picture: SamplePicture = { width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 3, 100, 250] };
    expect(painted(picture)).toEqual([['#ff0000', '#0066ff']]);
    const svg = readXml(samplePicture(picture, { side: 56, description: 'a "picture" of <b>' }));
    expect(svg.attributes).toMatchObject({ role: 'img', 'aria-label': 'a "picture" of <b>', width: '56' });
    expect(svg.attributes['height']).toBe('28');
  });
});

describe('unitsChart', () => {
  it('sorts the units, keeps their proportions and names the largest', () => {
    const svg = readXml(unitsChart([0.1, 0.4, 0.2], { ...options, layer: 'fc', each: 'hidden unit' }));
    const heights = elementsOf(svg, 'rect', 'bar').map((bar) => place(bar, 'height'));
    expect(heights).toEqual([100, 50, 25]);
    expect(textOf(svg)).toContain('largest: unit no. 1 from 0, 40 %');
  });

  it('says how many units it left out', () => {
    const svg = readXml(
      unitsChart(new Array<number>(200).fill(0.005), { ...options, layer: 'fc', each: 'hidden unit' }),
    );
    expect(elementsOf(svg, 'rect', 'bar')).toHaveLength(128);
    expect(textOf(svg)).toContain('72 smaller ones not drawn');
  });
});

describe('elasticityChart', () => {
  it('is signed, and there only for layers whose elasticity is known', () => {
    const layers = [
      layer('a', 1, { elasticity: -0.9 }),
      layer('b', 1, { elasticity: null }),
      layer('c', 1, { elasticity: 1.3 }),
    ];
    const svg = readXml(elasticityChart(layers, options)!);
    expect(elementsOf(svg, 'text', 'value').map(textOf)).toEqual(['-0.9 %', '+1.3 %']);
    expect(elementsOf(svg, 'g', 'row').map((row) => row.attributes['data-layer'])).toEqual(['0', '2']);
    expect(elasticityChart([layers[1]!], options)).toBeNull();
  });
});

describe('reportDrawing', () => {
  it('stands alone: no variable is left, and what the numbers depend on is said', () => {
    const drawing = reportDrawing(digits, 'dark');
    expect(drawing).not.toContain('var(');
    expect(drawing).toContain('fill="#59a4f9"');
    const svg = readXml(drawing);
    expect(elementsOf(svg, 'svg', 'picture')).toHaveLength(6);
    for (const fact of [
      '#480, label 7, predicted 9',
      'digits.onnx',
      '1,797 samples · digits.npz',
      'cross-entropy',
      'evaluation mode',
      '1.599',
    ]) {
      expect(textOf(svg)).toContain(fact);
    }
    const ids = drawing.match(/ id="[^"]+"/g)!;
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('draws the other methods, with their spectrum and how finely they are known', () => {
    const exactDrawing = readXml(reportDrawing(exactReport, 'light'));
    expect(textOf(exactDrawing)).toContain('exact · 666 columns');
    expect(textOf(exactDrawing)).toContain('The spectrum');
    const estimated = textOf(readXml(reportDrawing(estimateReport, 'light')));
    expect(estimated).toContain('estimate · 1 %');
    expect(estimated).toContain('λmax = 53.1, between 53.11 and 53.14, certified at 99.9 %');
    expect(estimated).toContain('float32 · product error 3.4e-6');
    expect(estimated).toContain('label smoothing 0.1');
    expect(estimated).toContain('stopped by product budget');
  });

  it('draws one section alone, of one layer, with λ_max above it', () => {
    const whole = textOf(readXml(reportDrawing(digits, 'light')));
    const bounds = textOf(readXml(reportDrawing(digits, 'light', { id: 'bounds', layer: 0 })));
    expect(bounds).toContain('λmax ≤ 1.599, the upper bound');
    expect(bounds).toContain('1,797 samples · digits.npz');
    expect(bounds.length).toBeLessThan(whole.length / 2);
    const units = textOf(readXml(reportDrawing(digits, 'light', { id: 'units', layer: 1 })));
    expect(units).toContain('What drives it: widths: fc.1');
    expect(units).not.toContain('fc.0');
  });

  it('holds a report whose names are markup and whose blocks are not known', () => {
    const hostile = {
      ...digits,
      blocks: null,
      model: { ...digits.model, file: '<script>alert(1)</script>' },
    };
    const svg = readXml(reportDrawing(hostile, 'light'));
    expect(elementsOf(svg, 'script')).toHaveLength(0);
    expect(textOf(svg)).toContain('<script>alert(1)</script>');
  });
});
