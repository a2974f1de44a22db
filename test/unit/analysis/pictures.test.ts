import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { GraphBuilder } from '../../../src/formats/built/graphBuilder';
import { writeGraph } from '../../../src/formats/built/writeGraph';
import { requestDefaults } from '../../../src/report/request';
import type { Report } from '../../../src/report/report';
import { normalisationOf, usualNormalisations } from '../../../src/samples/pictures/normalisation';
import { writePng } from '../files/pictures/writePng';
import { temporaryFolder } from '../formats/temporaryFolder';

const folder = temporaryFolder();
/** The pixels of the classes, each picture of one colour. */
const colours = [
  [20, 200, 90],
  [220, 40, 160],
  [120, 110, 30],
];

/**
 * A classifier that was trained with a normalisation t of the colours: its logits −s|x̄ − t|², x̄ being the mean pixel, beside
 * −2 of a class for everything else, so that the loss is least for pictures that are normalised so.
 */
async function trainedWith(name: string): Promise<string> {
  const { mean, deviation } = normalisationOf(name) ?? { mean: [], deviation: [] };
  const targets = colours.map((colour) =>
    colour.map((value, c) => (value / 255 - (mean[c] ?? mean[0] ?? 0)) / (deviation[c] ?? deviation[0] ?? 1)),
  );
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['N', 3, 4, 4]);
  const sharpness = 400 * (deviation[0] ?? 1) ** 2;
  const pooled = b.add('Flatten', [b.add('GlobalAveragePool', [x])], { axis: 1 });
  const weights = [...targets.flat().map((t) => 2 * sharpness * t), 0, 0, 0];
  const biases = [...targets.map((t) => -sharpness * t.reduce((sum, v) => sum + v * v, 0)), -2];
  const weight = b.parameter('head.weight', {
    type: 'float32',
    dims: [4, 3],
    data: Float32Array.from(weights),
  });
  const bias = b.parameter('head.bias', { type: 'float32', dims: [4], data: Float32Array.from(biases) });
  const ofClasses = b.constant('classes', {
    type: 'float32',
    dims: [4],
    data: Float32Array.of(sharpness, sharpness, sharpness, 0),
  });
  const squares = b.add('ReduceSum', [b.add('Mul', [pooled, pooled]), b.integers([1])], { keepdims: 1 });
  const affine = b.add('Gemm', [pooled, weight, bias], { transB: 1 });
  const logits = b.add('Sub', [affine, b.add('Mul', [squares, ofClasses])]);
  const graph = b.finish([{ name: 'logits', value: logits, type: 'float32', dims: ['N', 4] }]);
  return folder.write(`${name.replace(/\W/g, '_')}.onnx`, writeGraph(graph, ['logits']).bytes);
}

async function pictures(): Promise<string> {
  for (const [label, colour] of colours.entries()) {
    await mkdir(folder.path(`pictures/${String(label)}`), { recursive: true });
    for (let shade = 0; shade < 3; shade += 1) {
      const row = Array.from({ length: 4 }, () => colour.map((value) => value + shade)).flat();
      const png = writePng({ width: 4, height: 4, type: 2, depth: 8, rows: [row, row, row, row] });
      await folder.write(`pictures/${String(label)}/${String(shade)}.png`, png);
    }
  }
  return folder.path('pictures');
}

async function report(model: string, normalize: string | null, scale = 1): Promise<Report> {
  const samples = { kind: 'file', path: await pictures(), inputs: {}, labels: null } as const;
  return analyse(
    { ...requestDefaults, model, samples, normalize, scale, threads: 1, method: 'exact' },
    () => undefined,
  );
}

describe('pictures', () => {
  it.each(usualNormalisations(3).map(({ name }) => name))(
    'are normalised as the model was trained, which is said: %s',
    async (name) => {
      const model = await trainedWith(name);
      const chosen = await report(model, null);
      expect(chosen.samples.normalisation).toBe(name);
      expect(chosen.samples.accuracy).toBe(1);
      expect(chosen.warnings.map(({ message }) => message).join('\n')).toContain(
        `The pixels are normalised as ${name},`,
      );
      const told = await report(model, name);
      expect(told.samples.meanLoss).toBe(chosen.samples.meanLoss);
      expect(told.trace).toEqual(chosen.trace);
    },
  );

  it('are left as they are scaled, and are refused what is no normalisation', async () => {
    const model = await trainedWith('0-1');
    const scaled = await report(model, null, 1 / 255);
    expect(scaled.samples.normalisation).toBeUndefined();
    expect(scaled.samples.meanLoss).toBeCloseTo((await report(model, '0-1')).samples.meanLoss, 8);
    await expect(report(model, '0.5,0.5/1')).rejects.toThrow(
      /pictures of 3 channels; write 0-1, -1-1, imagenet/,
    );
  });
});
