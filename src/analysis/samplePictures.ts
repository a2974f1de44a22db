import type { SamplePicture } from '../report/report';
import type { SampleInput } from '../samples/samples';

/** Pixels of the longest side that is drawn. */
const longestSide = 64;
/** A flat row of fewer numbers is a table's row rather than a picture. */
const fewestPixels = 64;

/** Where the number of a pixel's channel lies in a sample: channel · plane + pixel · step. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly plane: number;
  readonly step: number;
}

/**
 * The chosen samples as pictures, scaled so that the least number of all of them is 0 and the greatest 255; null where
 * samples of these dimensions are none: [h, w], [1, h, w], [3, h, w], [h, w, 1], [h, w, 3], or a flat square.
 * @param rows which samples, by their place in `input`
 */
export function samplePictures(
  { dims, data }: SampleInput,
  rows: readonly number[],
): readonly SamplePicture[] | null {
  const layout = layoutOf(dims);
  if (layout === null) return null;
  const { width, height, channels, plane, step } = layout;
  const size = width * height * channels;
  const samples = rows.map((row) => data.subarray(row * size, (row + 1) * size));
  const least = Math.min(...samples.map((sample) => sample.reduce((a, b) => Math.min(a, b), Infinity)));
  const greatest = Math.max(...samples.map((sample) => sample.reduce((a, b) => Math.max(a, b), -Infinity)));
  // Halves first: the difference itself may be beyond the largest float64.
  const range = greatest / 2 - least / 2;
  const scalePixels = (value: number): number =>
    range > 0 ? Math.round(255 * Math.min(1, (value / 2 - least / 2) / range)) : 0;
  return samples.map((sample) => ({
    width,
    height,
    channels,
    pixels: Array.from({ length: size }, (_, at) => {
      const [pixel, channel] = [Math.floor(at / channels), at % channels];
      return scalePixels(sample[channel * plane + pixel * step]!);
    }),
  }));
}

function layoutOf(dims: readonly number[]): Layout | null {
  const [a = 0, b = 0, c = 0] = dims;
  // An axis of length 1 says nothing of a picture: [1, 64] is a flat row.
  if (dims.filter((size) => size !== 1).length === 1) return squareOf(dims.reduce((x, y) => x * y, 1));
  if (dims.length === 2) return boundSize(a, b, 1, 0, 1);
  if (dims.length !== 3) return null;
  if (a === 1) return boundSize(b, c, 1, 0, 1);
  if (a === 3) return boundSize(b, c, 3, b * c, 1);
  if (c === 1) return boundSize(a, b, 1, 0, 1);
  return c === 3 ? boundSize(a, b, 3, 1, 3) : null;
}

function squareOf(size: number): Layout | null {
  const side = Math.round(Math.sqrt(size));
  return size >= fewestPixels && side * side === size ? boundSize(side, side, 1, 0, 1) : null;
}

function boundSize(
  height: number,
  width: number,
  channels: 1 | 3,
  plane: number,
  step: number,
): Layout | null {
  return height <= longestSide && width <= longestSide ? { width, height, channels, plane, step } : null;
}
