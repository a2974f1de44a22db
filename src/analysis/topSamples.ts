import { predictedClass } from '../loss/accuracy';
import type { SampleShare, TopSample } from '../report/report';
import type { Matrix } from '../runtime/matrixProducts';
import type { Samples } from '../samples/samples';
import { samplePictures } from './samplePictures';

/** Samples that are listed. */
const mostListed = 12;

/** What is known of the samples; classes and outputs in the order of the samples, or null where a sample has several. */
export interface ListedSamples {
  readonly samples: Samples;
  readonly losses: Float64Array;
  readonly outputs: Matrix | null;
  readonly classes: Int32Array | null;
}

/** The samples of the largest shares, the largest first. @param shares of every sample @param most that are listed */
export function rankSamples(
  shares: Float64Array,
  { samples: { indices }, losses, outputs, classes }: ListedSamples,
  most: number,
): SampleShare[] {
  return largestPlaces(shares, most).map((n) => ({
    index: indices?.[n] ?? n,
    label: classes?.[n] ?? null,
    predicted: classes === null || outputs === null ? null : predictedClass(outputs, n),
    loss: losses[n]!,
    share: shares[n]!,
  }));
}

/** The same as pictures where the first input holds such. */
export function listSamples(shares: Float64Array, listed: ListedSamples): TopSample[] {
  const [input] = listed.samples.inputs;
  const pictures = input === undefined ? null : samplePictures(input, largestPlaces(shares, mostListed));
  return rankSamples(shares, listed, mostListed).map((sample, at) => ({
    ...sample,
    picture: pictures?.[at] ?? null,
  }));
}

function largestPlaces(shares: Float64Array, most: number): number[] {
  return Array.from(shares.keys())
    .sort((a, b) => shares[b]! - shares[a]! || a - b)
    .slice(0, most);
}
