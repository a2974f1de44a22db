import { decodeModel } from '../../../src/formats/onnx/decode';
import { Session } from '../../../src/runtime/session';
import type { ExecutableModel, RunFeeds, RunTensor } from '../../../src/runtime/session';
import type { TensorValue } from '../onnxModel';

/** The outputs of a model for one set of inputs. */
export async function results(
  model: ExecutableModel,
  feeds: RunFeeds,
): Promise<Readonly<Record<string, RunTensor>>> {
  const session = await Session.open(model, 1);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Numbers in [−1, 1], the same each time (Park and Miller's generator). */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

/** A tensor of such numbers. */
export function values(dims: readonly number[], seed = 1): TensorValue {
  return {
    dims,
    data: numbers(
      dims.reduce((product, dim) => product * dim, 1),
      seed,
    ),
  };
}

/** The names that a model is made of. */
export function namesIn(model: ExecutableModel) {
  const { graph } = decodeModel(model.bytes, 'model.onnx', false);
  return {
    inputs: graph.input.map((input) => input.name),
    nodes: graph.node.map((node) => node.opType),
    initialisers: graph.initializer.map((tensor) => tensor.name),
    outputs: graph.output.map((output) => output.name),
  };
}
