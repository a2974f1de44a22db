import { normalisationNames } from '../../report/normalisations';
import type { SampleInput, Samples } from '../samples';

/** What pixels of 0 to 255 become: (pixel / 255 − mean) / deviation, for each channel. */
export interface Normalisation {
  /** As it is asked for. */
  readonly name: string;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

const ofName: Readonly<Record<(typeof normalisationNames)[number], Omit<Normalisation, 'name'>>> = {
  '0-1': { mean: [0], deviation: [1] },
  '-1-1': { mean: [0.5], deviation: [0.5] },
  // torchvision's models.
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  '0-255': { mean: [0], deviation: [1 / 255] },
};
const named: readonly Normalisation[] = normalisationNames.map((name) => ({ name, ...ofName[name] }));
/** PyTorch's example of MNIST. */
const mnist: Normalisation = { name: '0.1307/0.3081', mean: [0.1307], deviation: [0.3081] };

/** Those that a model may have been trained with, the usual one first. */
export function usualNormalisations(channels: number): readonly Normalisation[] {
  const fitting = named.filter(({ mean }) => mean.length === 1 || mean.length === channels);
  return channels === 1 ? [...fitting, mnist] : fitting;
}

/** A normalisation by its name, or by means and deviations of pixels from 0 to 1, one or one for each channel ("0.5,0.5,0.5/0.25"); null: none. */
export function normalisationOf(text: string): Normalisation | null {
  const known = named.find(({ name }) => name === text);
  if (known !== undefined) return known;
  const parts = text
    .split('/')
    .map((part) => part.split(',').map((number) => (number.trim() === '' ? NaN : Number(number))));
  const [mean = [], deviation = [], ...others] = parts;
  const isWhole =
    mean.every(Number.isFinite) && deviation.every((value) => Number.isFinite(value) && value > 0);
  if (others.length > 0 || deviation.length === 0 || !isWhole) return null;
  return { name: text, mean, deviation };
}

/** The samples with their pictures normalised; the rest stays. */
export function normalised(samples: Samples, normalisation: Normalisation): Samples {
  return {
    ...samples,
    normalisation: normalisation.name,
    inputs: samples.inputs.map((input) => normalisedInput(input, normalisation)),
  };
}

function normalisedInput(input: SampleInput, { mean, deviation }: Normalisation): SampleInput {
  const { pictures, data } = input;
  if (pictures === undefined) return input;
  const { channels, height, width, order } = pictures;
  const plane = height * width;
  const channelAt = (at: number): number =>
    order === 'channels last' ? at % channels : Math.floor(at / plane) % channels;
  const of = (values: readonly number[], at: number): number =>
    values[values.length === 1 ? 0 : channelAt(at)] ?? 0;
  return { ...input, data: data.map((pixel, at) => (pixel / 255 - of(mean, at)) / of(deviation, at)) };
}
