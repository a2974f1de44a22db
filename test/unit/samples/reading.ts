import { join } from 'node:path';
import { readSamples } from '../../../src/samples/readSamples';
import type { InputSpec, Samples } from '../../../src/samples/samples';
import { folderWith } from './writers';

export interface Reading {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly labels?: string;
  readonly scale?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly classNames?: readonly string[];
  readonly leaveOutBroken?: boolean;
}

/** A float32 input "input" of the given dimensions per sample. */
export function floats(...dims: readonly (number | null)[]): InputSpec[] {
  return [{ name: 'input', type: 'float32', dims }];
}

export function readAt(path: string, specs: readonly InputSpec[], reading: Reading = {}): Promise<Samples> {
  const { inputs = {}, labels = null, scale = 1, limit = null, seed = 0, classNames = null } = reading;
  const { leaveOutBroken = false } = reading;
  return readSamples({ kind: 'file', path, inputs, labels }, specs, {
    scale,
    limit,
    seed,
    classNames,
    leaveOutBroken,
  });
}

/** Reads the first of the files, the others being beside it. */
export async function readFrom(
  files: Readonly<Record<string, string | Uint8Array>>,
  specs: readonly InputSpec[],
  reading: Reading = {},
): Promise<Samples> {
  const [name = ''] = Object.keys(files);
  return readAt(join(await folderWith(files), name), specs, reading);
}

/** Inputs and labels as plain numbers, for comparison. */
export function plain(samples: Samples): {
  count: number;
  inputs: number[][];
  dims: (readonly number[])[];
  labels: unknown;
} {
  const { labels } = samples;
  return {
    count: samples.count,
    inputs: samples.inputs.map((input) => [...input.data]),
    dims: samples.inputs.map((input) => input.dims),
    labels:
      labels === null
        ? null
        : labels.kind === 'classes'
          ? [...labels.values]
          : { width: labels.width, values: [...labels.values] },
  };
}
