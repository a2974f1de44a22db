import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { explicitCurvature, type PlainNetwork } from '../perceptron/closedForm/explicitHessian';
import { analysing, network } from './reluNetwork';

const analysed = analysing();

/** Loss and correctness of every sample of a perceptron of two layers with ReLU at flat weights: no code of the project. */
function forward({ widths, samples, targets }: PlainNetwork, theta: readonly number[]) {
  const [inputs = 0, hidden = 0, outputs = 0] = widths;
  const layer = (from: number, rows: number, columns: number, x: readonly number[]): number[] =>
    Array.from({ length: rows }, (_, r) =>
      x.reduce(
        (sum, value, c) => sum + theta[from + r * columns + c]! * value,
        theta[from + rows * columns + r]!,
      ),
    );
  const second = hidden * (inputs + 1);
  return samples.map((sample, n) => {
    const z = layer(
      second,
      outputs,
      hidden,
      layer(0, hidden, inputs, sample).map((value) => Math.max(0, value)),
    );
    const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
    const label = targets[n]!.indexOf(1);
    return { loss: logSum - z[label]!, right: z.indexOf(Math.max(...z)) === label };
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** λ_max and its unit eigenvector, by powers of the shifted matrix. */
function sharpest(hessian: readonly (readonly number[])[]): { value: number; vector: number[] } {
  const shift = Math.max(...hessian.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let vector = hessian.map((_, i) => 1 + Math.sin(i));
  let length = 0;
  for (let power = 0; power < 20_000; power++) {
    const image = hessian.map((row, i) =>
      row.reduce((sum, value, j) => sum + value * vector[j]!, shift * vector[i]!),
    );
    length = Math.hypot(...image);
    vector = image.map((value) => value / length);
  }
  return { value: length - shift, vector };
}

const plain = network(1);
const theta = plain.parameters.flat();
const size = Math.hypot(...theta);
const found = sharpest(explicitCurvature(plain).hessian);
const along = (vector: readonly number[], distance: number): number[] =>
  theta.map((weight, i) => weight + distance * size * vector[i]!);
const meanLossAt = (weights: readonly number[]): number =>
  mean(forward(plain, weights).map(({ loss }) => loss));

/** vᵀH_n v of every sample, from the explicit Hessian of each by itself. */
function ownCurvaturesAlong(vector: readonly number[]): number[] {
  return plain.samples.map((sample, n) => {
    const { hessian } = explicitCurvature({ ...plain, samples: [sample], targets: [plain.targets[n]!] });
    return hessian.reduce(
      (sum, row, i) => sum + vector[i]! * row.reduce((all, value, j) => all + value * vector[j]!, 0),
      0,
    );
  });
}

const ownCurvatures = ownCurvaturesAlong(found.vector);

describe.each(['closed-form', 'exact', 'estimate'] as const)(
  'what is measured, by the method %s',
  (method) => {
    it('is how far λ_max would be off for other samples: the standard error of vᵀH_n v', async () => {
      const { sharpness, sharpestSamples } = await analysed(1, { method });
      const deviations = ownCurvatures.map((value) => (value - found.value) ** 2);
      const { length } = ownCurvatures;
      const wanted = Math.sqrt(mean(deviations) / (length - 1));
      expect(sharpness?.lambdaMax.samplingError).toBeCloseTo(wanted, 6);
      const ranked = ownCurvatures
        .map((value, index) => ({ index, share: value / (found.value * length) }))
        .sort((one, other) => other.share - one.share);
      expect(sharpestSamples?.map(({ index }) => index)).toEqual(ranked.map(({ index }) => index));
      sharpestSamples?.forEach(({ share }, at) => expect(share).toBeCloseTo(ranked[at]!.share, 6));
      const losses = forward(plain, theta);
      sharpestSamples?.forEach(({ index, loss }) => expect(loss).toBeCloseTo(losses[index]!.loss, 8));
    });

    it('is how far the mean loss would be off for other samples: its standard error', async () => {
      const { samples } = await analysed(1, { method });
      const losses = forward(plain, theta).map(({ loss }) => loss);
      const deviations = losses.map((loss) => (loss - mean(losses)) ** 2);
      expect(samples.lossError).toBeCloseTo(Math.sqrt(mean(deviations) / (losses.length - 1)), 8);
    });

    it('is the loss of the model where its weights are moved', async () => {
      const { response, slices, sharpness } = await analysed(1, { method });
      const [one, other] = [0.01, -0.01].map((distance) => forward(plain, along(found.vector, distance)));
      const lossOf = (samples: typeof one): number => mean(samples!.map(({ loss }) => loss));
      const worse = lossOf(one) >= lossOf(other) ? one : other;
      expect(response?.worst.loss).toBeCloseTo(lossOf(worse), 8);
      expect(response?.worst.accuracy).toBeCloseTo(mean(worse!.map(({ right }) => Number(right))), 12);
      expect(response?.scaleInvariant).toBeCloseTo(found.value * size ** 2, 4);
      expect(response?.guessLoss).toBeCloseTo(Math.log(3), 12);
      expect(slices?.map(({ direction }) => direction)).toEqual(['sharpest', 'gradient', 'random']);
      const [first] = slices!;
      // The sign of an eigenvector means nothing.
      const sign =
        Math.abs(first!.loss[0]! - meanLossAt(along(found.vector, first!.step[0]!))) < 1e-8 ? 1 : -1;
      first!.step.forEach((step, at) =>
        expect(first!.loss[at]).toBeCloseTo(meanLossAt(along(found.vector, sign * step)), 7),
      );
      expect(first!.parabola[4]).toBeCloseTo(meanLossAt(theta), 8);
      expect(sharpness?.lambdaMax.certified).toBe(true);
    });

    it('has parabolas that touch the loss: their difference is of third order', async () => {
      const { slices } = await analysed(1, { method });
      for (const { step, loss, parabola } of slices!) {
        const differenceAt = (at: number): number => Math.abs(loss[at]! - parabola[at]!);
        const scale = Math.max(...step.map((_, at) => differenceAt(at)));
        // A quarter of the way the third order is a 64th.
        for (const at of [3, 5]) expect(differenceAt(at)).toBeLessThanOrEqual(scale / 20 + 1e-8);
      }
    });
  },
);

/** Eigenvectors in descending order of their eigenvalues. */
function eigenvectorsOf(rows: readonly (readonly number[])[]): number[][] {
  const matrix = new Matrix(rows.map((row) => [...row]));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  return Array.from(realEigenvalues.keys())
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
    .map((k) => eigenvectorMatrix.getColumn(k));
}

/** Eigenvalues in descending order. */
function spectrumOf(rows: readonly (readonly number[])[]): number[] {
  const matrix = new Matrix(rows.map((row) => [...row]));
  const { realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return realEigenvalues.toSorted((a, b) => b - a);
}

describe.each(['closed-form', 'exact', 'estimate'] as const)('eigenvalues, by the method %s', (method) => {
  const { hessian } = explicitCurvature(plain);

  it('are the largest ones of the explicit Hessian, with the shares of their eigenvectors', async () => {
    const { eigenvalues } = await analysed(1, { method });
    const wanted = spectrumOf(hessian);
    const vectors = eigenvectorsOf(hessian);
    let told = 0;
    expect(eigenvalues!.length).toBe(10);
    eigenvalues!.forEach(({ k, lower, upper, shares }, at) => {
      expect(k).toBe(at + 1);
      expect(lower).toBeLessThanOrEqual(wanted[at]! + 1e-9);
      expect(upper).toBeGreaterThanOrEqual(wanted[at]! - 1e-9);
      if (shares === null) return;
      told++;
      const ofFirst = vectors[at]!.slice(0, 16).reduce((sum, value) => sum + value * value, 0);
      // No share is told that may be off by more than a hundredth.
      expect(Math.abs(shares[0]! - ofFirst)).toBeLessThanOrEqual(0.01);
      expect(shares[0]! + shares[1]!).toBeCloseTo(1, 9);
    });
    expect(told).toBeGreaterThan(3);
    expect(eigenvalues![0]!.upper - eigenvalues![0]!.lower).toBeLessThan(1e-4);
  });

  const blocks = [
    hessian.slice(0, 16).map((row) => row.slice(0, 16)),
    hessian.slice(16).map((row) => row.slice(16)),
  ];

  it('of each layer’s own block are carried by the samples of the largest vᵀH_n v', async () => {
    const { layers } = await analysed(1, { method });
    for (const [l, { sharpestSamples }] of layers.entries()) {
      const [vector = []] = eigenvectorsOf(blocks[l]!);
      const whole = Array.from(theta, (_, i) => vector[i - (l === 0 ? 0 : 16)] ?? 0);
      const own = ownCurvaturesAlong(whole);
      const sum = own.reduce((all, value) => all + value, 0);
      const ranked = Array.from(own.keys()).sort((one, other) => own[other]! - own[one]!);
      expect(sharpestSamples?.map(({ index }) => index)).toEqual(ranked.slice(0, 6));
      sharpestSamples?.forEach(({ index, share }) => expect(share).toBeCloseTo(own[index]! / sum, 6));
    }
  });

  it('of each layer’s own block are those of the explicit block, and those of all other layers held fixed', async () => {
    const { layers } = await analysed(1, { method });
    for (const [l, { lambdaMax }] of layers.entries()) {
      const [wanted = 0] = spectrumOf(blocks[l]!);
      expect(lambdaMax!.lower).toBeLessThanOrEqual(wanted + 1e-9);
      expect(lambdaMax!.upper).toBeGreaterThanOrEqual(wanted - 1e-9);
      expect(lambdaMax!.upper - lambdaMax!.lower).toBeLessThan(1e-4 * wanted);
    }
    const fixed = await analysed(1, { method: 'exact', fixed: ['W2', 'b2'] });
    const { lower, upper } = fixed.sharpness!.lambdaMax;
    expect(layers[0]!.lambdaMax!.lower).toBeLessThanOrEqual(upper + 1e-9);
    expect(layers[0]!.lambdaMax!.upper).toBeGreaterThanOrEqual(lower - 1e-9);
  });
});

it.each([2 ** -6, 2 ** 6])(
  'eigenvalues of the layers hold in float32, too, where one block is far smaller than the other: scale %d',
  async (scale) => {
    const asked = { method: 'estimate', dtype: 'float32', precision: 1e-2 } as const;
    const { layers, sharpness } = await analysed(scale, asked);
    const { hessian } = explicitCurvature(network(scale));
    expect(sharpness?.lambdaMax.certified).toBe(true);
    for (const [l, block] of [
      hessian.slice(0, 16).map((row) => row.slice(0, 16)),
      hessian.slice(16).map((row) => row.slice(16)),
    ].entries()) {
      const [wanted = 0] = spectrumOf(block);
      const { lower = -Infinity, upper = Infinity } = layers[l]!.lambdaMax ?? {};
      expect(lower).toBeLessThanOrEqual(wanted);
      expect(upper).toBeGreaterThanOrEqual(wanted);
    }
  },
);

describe('the shares within the first layer', () => {
  it('are those of the eigenvector’s own rows and columns', async () => {
    const { layers } = await analysed(1, {});
    const { vector } = found;
    const ofWeight = (unit: number, input: number): number => vector[unit * 3 + input]! ** 2;
    [0, 1, 2].forEach((input) => {
      const wanted = [0, 1, 2, 3].reduce((sum, unit) => sum + ofWeight(unit, input), 0);
      expect(layers[0]!.sharpestInputs![input]).toBeCloseTo(wanted, 6);
    });
    [0, 1, 2, 3].forEach((unit) => {
      const wanted = [0, 1, 2].reduce((sum, input) => sum + ofWeight(unit, input), 0);
      expect(layers[0]!.sharpestUnits![unit]).toBeCloseTo(wanted, 6);
    });
  });
});

it('the loss over a plane is measured where it was asked for, and only there', async () => {
  expect((await analysed(1, {})).plane).toBeNull();
  const { plane, slices } = await analysed(1, { plane: true });
  const { step, loss, second } = plane!;
  expect(second).toBe('gradient');
  const middle = (step.length - 1) / 2;
  expect(loss[middle]![middle]).toBeCloseTo(meanLossAt(theta), 8);
  // Its middle row is the slice along the sharpest direction, whose ends are the same.
  expect(loss[middle]![0]).toBeCloseTo(slices![0]!.loss[0]!, 10);
  expect(loss[middle]!.at(-1)).toBeCloseTo(slices![0]!.loss.at(-1)!, 10);
  const { gradient } = explicitCurvature(plain);
  const inner = gradient.reduce((sum, value, i) => sum + value * found.vector[i]!, 0);
  const rest = gradient.map((value, i) => value - inner * found.vector[i]!);
  const length = Math.hypot(...rest);
  const corner = (sign: number): number =>
    meanLossAt(
      theta.map((weight, i) => weight + size * step[0]! * (sign * found.vector[i]! + rest[i]! / length)),
    );
  // The sign of an eigenvector means nothing.
  const corners = [loss[0]![0]!, loss[0]!.at(-1)!].sort((a, b) => a - b);
  const wanted = [corner(1), corner(-1)].sort((a, b) => a - b);
  corners.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 7));
});
