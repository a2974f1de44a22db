import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { parameterNotes } from '../../../src/analysis/modelWarnings';
import { ancestors } from '../../../src/graph/flow';
import { surveyParameters } from '../../../src/subject/parameters';
import { withTrainedBiases } from '../../../src/subject/recurrentBiases';
import { requestDefaults } from '../../../src/report/request';
import { floats, modelOf } from '../autodiff/opening';

/** What PyTorch found in float64 from the full Hessian of the network that the file was exported from. */
interface Reference {
  readonly parameters: number;
  readonly loss: number;
  readonly trace: number;
  readonly frobeniusSquared: number;
  readonly lambdaMax: number;
  readonly lambdaMin: number;
}

function inReferences(name: string): string {
  return fileURLToPath(new URL(`../../references/recurrent/${name}`, import.meta.url));
}

const references = JSON.parse(readFileSync(inReferences('recurrent.json'), 'utf8')) as Readonly<
  Record<string, Reference>
>;

it.each(Object.entries(references))(
  'the recurrent network %s has PyTorch’s Hessian',
  async (name, wanted) => {
    const report = await analyse(
      {
        ...requestDefaults,
        model: inReferences(`${name}.onnx`),
        samples: { kind: 'file', path: inReferences(`${name}.npz`), inputs: {}, labels: null },
        threads: 1,
      },
      () => undefined,
    );
    expect(report.method).toBe('exact');
    expect(report.model.parameters).toBe(wanted.parameters);
    const size = Math.sqrt(wanted.frobeniusSquared);
    expect(Math.abs(report.samples.meanLoss - wanted.loss)).toBeLessThan(1e-9);
    expect(Math.abs(report.trace.value - wanted.trace)).toBeLessThan(1e-9 * size);
    expect(Math.abs(report.frobeniusSquared.value - wanted.frobeniusSquared)).toBeLessThan(1e-9 * size ** 2);
    expect(Math.abs((report.sharpness?.lambdaMax.upper ?? NaN) - wanted.lambdaMax)).toBeLessThan(1e-9 * size);
    expect(Math.abs((report.sharpness?.lambdaMin.lower ?? NaN) - wanted.lambdaMin)).toBeLessThan(1e-9 * size);
  },
);

describe('the recurrent half of a bias', () => {
  const surveyed = async (recurrentHalf: readonly number[]) => {
    const bias = floats(3, [1, 6]);
    bias.data.set(recurrentHalf, 3);
    const { graph } = await modelOf({
      nodes: [
        {
          operator: 'RNN',
          inputs: ['x', 'w', 'r', 'b'],
          outputs: ['', 'h'],
          attributes: { hidden_size: { int: 3 } },
        },
        { operator: 'Reshape', inputs: ['h', 'dims'], outputs: ['y'] },
      ],
      initialisers: {
        w: floats(1, [1, 3, 2]),
        r: floats(2, [1, 3, 3]),
        b: bias,
        dims: { dims: [2], data: BigInt64Array.of(-1n, 3n) },
      },
      inputs: [{ name: 'x', dims: [5, 'N', 2] }],
      outputs: ['y'],
    });
    const trained = withTrainedBiases(graph);
    const survey = surveyParameters(trained, ancestors(trained, 'y'));
    const sizes = survey.parameters.map(({ name, tensor }) => [name, tensor.data.length]);
    return {
      sizes: Object.fromEntries(sizes) as unknown,
      notes: parameterNotes({ graph, survey, split: [], paddingRows: {} }),
    };
  };

  it('counts where it was trained', async () => {
    expect(await surveyed([0, 0.5, 0])).toEqual({ sizes: { w: 6, r: 9, b: 6 }, notes: [] });
  });

  it('does not where a framework with one bias wrote zeros, and a note says so', async () => {
    expect(await surveyed([0, 0, 0])).toEqual({
      sizes: { w: 6, r: 9, b: 3 },
      notes: [
        expect.stringMatching(/^The recurrent halves of these biases are zeros, .*: "b" \(6 numbers\)\.$/),
      ],
    });
  });
});
