import type { LoweredModel } from '../graph/lowering/lowerGraph';
import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import { numberWeights, rowsPerSample } from '../loss/targets';
import { FailureError } from '../report/failure';
import { paddedRows, type ModelSamples } from '../inference/feeds';
import type { RunTensor } from '../runtime/session';
import type { Feeds } from './feeds';
import { graphTensor } from './feeds';
import type { Objective } from './preparedModel';

/** The samples cut into batches of one size; what is missing in the last is filled up and weighs nothing. */
export interface Batches {
  readonly count: number;
  readonly size: number;
}

/** As few batches as the largest size allows, as equal as they can be. */
export function cutBatches(samples: number, largest: number): Batches {
  const count = Math.ceil(samples / Math.max(1, Math.min(largest, samples)));
  return { count, size: Math.ceil(samples / count) };
}

/** Everything about the samples that one batch of products reads, by the names of the static graph's inputs. */
export async function batchFeeds(
  model: LoweredModel,
  { session, samples, targets }: Objective,
  batches: Batches,
  precision: Precision,
): Promise<readonly Feeds[]> {
  const computed = [...model.computed.keys()];
  const feeds: Feeds[] = [];
  for (let batch = 0; batch < batches.count; batch++) {
    const from = batch * batches.size;
    const own = new Map<string, RunTensor>(sampleFeeds(model, samples, from, batches.size, precision));
    const perSample = rowsPerSample(targets);
    const rows = batches.size * perSample;
    const values = paddedRows(targets.values, perSample * targets.width, from, batches.size);
    own.set('targets', graphTensor(values, real([rows, targets.width]), precision));
    const weights = numberWeights(targets, from, batches.size);
    own.set('weights', graphTensor(weights, real([weights.length]), precision));
    if (computed.length > 0) {
      const results = await session.run(computed, samples, from, batches.size);
      for (const [name, input] of model.computed)
        own.set(inputName(input), computedTensor(results[name], input, name, precision));
    }
    feeds.push(own);
  }
  return feeds;
}

function real(dims: readonly number[]): Pick<Value, 'type' | 'dims'> {
  return { type: 'real', dims };
}

function sampleFeeds(
  model: LoweredModel,
  samples: ModelSamples,
  from: number,
  size: number,
  precision: Precision,
): (readonly [string, RunTensor])[] {
  return [...model.inputs].map(([name, value]) => {
    const input = samples.inputs.find((each) => each.name === name);
    if (input === undefined) throw new RangeError(`No samples for ${name}`);
    const rows = paddedRows(input.data, sizeOf(input.dims), from, size);
    return [inputName(value), graphTensor(rows, value, precision)] as const;
  });
}

function computedTensor(
  found: RunTensor | undefined,
  input: Value,
  name: string,
  precision: Precision,
): RunTensor {
  if (found === undefined || sizeOf(found.dims) !== sizeOf(input.dims)) {
    throw new FailureError(
      'UnsupportedStructure',
      `The shape of tensor "${name}" depends on the samples' values, not only on their shape, so that no graph serves all batches; export the model without this.`,
    );
  }
  return graphTensor(found.data, input, precision);
}

export function inputName({ operation }: Value): string {
  if (operation.kind !== 'input') throw new RangeError(`${operation.kind} is no input`);
  return operation.name;
}
