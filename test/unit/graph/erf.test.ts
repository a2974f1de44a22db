import { expect, it } from 'vitest';
import { unary } from '../../../src/graph/static/elementwise';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import { evaluate } from '../autodiff/evaluation';

/** erf to 16 digits (Abramowitz and Stegun, table 7.1). */
const table = [
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753107],
  [2, 0.9953222650189527],
  [3, 0.9999779095030014],
  [6, 1],
] as const;

it('erf, of which there is no float64 kernel, is composed to double accuracy', async () => {
  const g = new StaticGraph();
  const points = Float64Array.from(table.flatMap(([x]) => [x, -x]));
  const x = g.input('x', [points.length], 'real');
  const [found] = await evaluate([unary(g, 'erf', x)], { x: points });
  table.forEach(([, value], i) => {
    expect(Math.abs((found?.[2 * i] ?? Number.NaN) - value)).toBeLessThan(4e-16);
    expect(Math.abs((found?.[2 * i + 1] ?? Number.NaN) + value)).toBeLessThan(4e-16);
  });
});
