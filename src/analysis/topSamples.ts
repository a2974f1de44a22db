import { predictedClass } from '../loss/accuracy';
import type { TopSample } from '../report/report';
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

/** The samples of the largest shares, as pictures where the first input holds such. @param shares of every sample */
export function listSamples(
  shares: Float64Array,
  { samples, losses, outputs, classes }: ListedSamples,
): TopSample[] {
  const { indices, inputs } = samples;
  const largest = Array.from(shares.keys())
    .sort((a, b) => shares[b]! - shares[a]! || a - b)
    .slice(0, mostListed);
  const pictures = inputs[0] === undefined ? null : samplePictures(inputs[0], largest);
  return largest.map((n, at) => ({
    index: indices?.[n] ?? n,
    label: classes?.[n] ?? null,
    predicted: classes === null || outputs === null ? null : predictedClass(outputs, n),
    loss: losses[n]!,
    share: shares[n]!,
    picture: pictures?.[at] ?? null,
  }));
}
