import type { Graph } from '../graph/graph';
import type { LoweredModel } from '../graph/lowering/lowerGraph';
import type { Executable } from '../graph/trace';
import { openModel, runFailure } from '../graph/trace';
import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import type { Precision } from '../graph/writing/nodeWriter';
import type { Targets } from '../loss/targets';
import { rowsPerSample, rowWeights } from '../loss/targets';
import { FailureError } from '../report/failure';
import type { RunTensor } from '../runtime/session';
import type { Feeds, ModelSamples } from './feeds';
import { graphTensor, modelFeeds, paddedRows } from './feeds';

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
  source: Executable & { readonly graph: Graph },
  model: LoweredModel,
  samples: ModelSamples,
  targets: Targets,
  batches: Batches,
  precision: Precision,
  threads: number,
): Promise<readonly Feeds[]> {
  const computed = [...model.computed.keys()];
  const session = computed.length === 0 ? null : await openModel(source, computed, threads);
  try {
    const feeds: Feeds[] = [];
    for (let batch = 0; batch < batches.count; batch++) {
      const from = batch * batches.size;
      const own = new Map<string, RunTensor>(sampleFeeds(model, samples, from, batches.size, precision));
      const perSample = rowsPerSample(targets);
      const rows = batches.size * perSample;
      const values = paddedRows(targets.values, perSample * targets.width, from, batches.size);
      own.set('targets', graphTensor(values, real([rows, targets.width]), precision));
      const weights = rowWeights(targets, from, batches.size);
      own.set('weights', graphTensor(weights, real([rows]), precision));
      if (session !== null) {
        const specs = source.graph.inputs.filter(({ name }) =>
          samples.inputs.some((each) => each.name === name),
        );
        const results = await session
          .run(modelFeeds(samples, specs, from, batches.size))
          .catch((error: unknown) => {
            throw runFailure(error);
          });
        for (const [name, input] of model.computed)
          own.set(inputName(input), computedTensor(results[name], input, name, precision));
      }
      feeds.push(own);
    }
    return feeds;
  } finally {
    await session?.release();
  }
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
