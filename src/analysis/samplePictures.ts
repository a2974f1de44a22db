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
  return layout === null || longestOf(layout) > longestSide ? null : drawn(layout, data, rows, 1);
}

/** One sample as a picture, a larger one by every so many-th of its pixels; null where it is none. @param row its place in `input` */
export function samplePicture(
  { dims, data }: SampleInput,
  row: number,
): { readonly picture: SamplePicture; readonly every: number } | null {
  const layout = layoutOf(dims);
  if (layout === null) return null;
  const every = Math.ceil(longestOf(layout) / longestSide);
  const [picture] = drawn(layout, data, [row], every);
  return picture === undefined ? null : { picture, every };
}

function longestOf({ width, height }: Layout): number {
  return Math.max(width, height);
}

function drawn(
  { width, height, channels, plane, step }: Layout,
  data: Float64Array,
  rows: readonly number[],
  every: number,
): SamplePicture[] {
  const size = width * height * channels;
  const [wide, tall] = [Math.ceil(width / every), Math.ceil(height / every)];
  const samples = rows.map((row) => data.subarray(row * size, (row + 1) * size));
  const least = Math.min(...samples.map((sample) => sample.reduce((a, b) => Math.min(a, b), Infinity)));
  const greatest = Math.max(...samples.map((sample) => sample.reduce((a, b) => Math.max(a, b), -Infinity)));
  // Halves first: the difference itself may be beyond the largest float64.
  const range = greatest / 2 - least / 2;
  const scalePixels = (value: number): number =>
    range > 0 ? Math.round(255 * Math.min(1, (value / 2 - least / 2) / range)) : 0;
  return samples.map((sample) => ({
    width: wide,
    height: tall,
    channels,
    pixels: Array.from({ length: wide * tall * channels }, (_, at) => {
      const [shown, channel] = [Math.floor(at / channels), at % channels];
      const pixel = every * (Math.floor(shown / wide) * width + (shown % wide));
      return scalePixels(sample[channel * plane + pixel * step]!);
    }),
  }));
}

function layoutOf(dims: readonly number[]): Layout | null {
  const [a = 0, b = 0, c = 0] = dims;
  // An axis of length 1 says nothing of a picture: [1, 64] is a flat row.
  if (dims.filter((size) => size !== 1).length === 1) return squareOf(dims.reduce((x, y) => x * y, 1));
  if (dims.length === 2) return { height: a, width: b, channels: 1, plane: 0, step: 1 };
  if (dims.length !== 3) return null;
  if (a === 1) return { height: b, width: c, channels: 1, plane: 0, step: 1 };
  if (a === 3) return { height: b, width: c, channels: 3, plane: b * c, step: 1 };
  if (c === 1) return { height: a, width: b, channels: 1, plane: 0, step: 1 };
  return c === 3 ? { height: a, width: b, channels: 3, plane: 1, step: 3 } : null;
}

function squareOf(size: number): Layout | null {
  const side = Math.round(Math.sqrt(size));
  return size >= fewestPixels && side <= longestSide && side * side === size
    ? { width: side, height: side, channels: 1, plane: 0, step: 1 }
    : null;
}
