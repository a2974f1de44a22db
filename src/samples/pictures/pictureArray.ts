import { quote } from '../../files/quote';
import { FailureError } from '../../report/failure';
import { describeDims } from '../fit';
import type { SampleArray } from '../sampleArray';
import type { InputSpec } from '../samples';
import { pictureLayout, type PictureLayout, type PictureSize } from './pictureLayout';

/** The pictures of a data set. */
export interface PictureSet {
  /** As sentences name it, quoted. */
  readonly title: string;
  readonly count: number;
  /** Of the first picture. */
  readonly size: PictureSize;
  /** Whether they are brought to another size, as photographs are. */
  readonly resizable: boolean;
  /** One picture after another, height × width × channels, 0 to 255; null: all. */
  readonly read: (rows: Int32Array | null, size: PictureSize) => Promise<Uint8Array>;
  /** Where a picture stands, for a sentence. */
  readonly place: (row: number) => string;
}

/**
 * Pictures as an input takes them: their size and number of channels from the model, where it says them.
 * @throws FailureError SampleShapeMismatch for an input that takes no pictures of that size
 */
export function pictureArray(
  set: PictureSet,
  spec: InputSpec,
): { readonly array: SampleArray; readonly notes: readonly string[] } {
  const layout = pictureLayout(spec.dims, set.size);
  const { height, width, channels } = set.size;
  const own = `${String(height)} × ${String(width)} pixels in ${channels === 1 ? 'grey' : 'colour'}`;
  if (layout === null || (!set.resizable && (layout.height !== height || layout.width !== width))) {
    throw new FailureError(
      'SampleShapeMismatch',
      `${set.title} holds pictures of ${own}, but the model's input ${quote(spec.name)} takes ${describeDims(spec.dims)}; choose another file.`,
    );
  }
  const isResized = layout.height !== height || layout.width !== width;
  const notes = [
    ...(isResized || (set.resizable && spec.dims.some((size) => size !== null))
      ? [
          `The pictures of ${set.title} are brought to the model's ${String(layout.height)} × ${String(layout.width)} pixels where they have others (bilinear, antialiased, without cropping).`,
        ]
      : []),
    ...(layout.channels === channels
      ? []
      : [
          layout.channels === 1
            ? `The pictures of ${set.title} are in colour and are given to the model in grey.`
            : `The pictures of ${set.title} are grey and are given to the model in three equal channels.`,
        ]),
    ...(spec.dims.filter((size) => size !== 1).length === 1 && layout.channels === 3
      ? [`The colours of the pictures of ${set.title} are given one channel after the other.`]
      : []),
  ];
  return { array: arrayOfPictures(set, layout, own), notes };
}

/** The only input of a model that takes pictures. @throws FailureError SampleShapeMismatch where there are several */
export function pictureInput(title: string, specs: readonly InputSpec[]): InputSpec {
  const [spec] = specs;
  if (spec !== undefined && specs.length === 1) return spec;
  throw new FailureError(
    'SampleShapeMismatch',
    `${title} holds pictures, but the model has ${String(specs.length)} inputs; give it its samples as npz.`,
  );
}

function arrayOfPictures(set: PictureSet, layout: PictureLayout, own: string): SampleArray {
  return {
    title: set.title,
    shape: [set.count, ...layout.dims],
    whole: true,
    pictures: layout,
    holds: `${set.title} holds ${set.count.toLocaleString('en')} pictures of ${own}`,
    advice: () => 'choose another file',
    read: async (rows) => inOrder(await set.read(rows, layout), layout),
    place: (row) => set.place(row),
  };
}

function inOrder(bytes: Uint8Array, { order, channels, height, width }: PictureLayout): Float64Array {
  if (order === 'channels last' || channels === 1) return Float64Array.from(bytes);
  const plane = height * width;
  const picture = plane * channels;
  const numbers = new Float64Array(bytes.length);
  for (let from = 0; from < bytes.length; from += picture)
    for (let pixel = 0; pixel < plane; pixel += 1)
      for (let channel = 0; channel < channels; channel += 1)
        numbers[from + channel * plane + pixel] = bytes[from + pixel * channels + channel] ?? 0;
  return numbers;
}
