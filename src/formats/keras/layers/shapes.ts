import type { LayerCall } from '../layerCall';
import type { Value } from '../value';

/** A layer that does something in training only. */
export function nothing(call: LayerCall): Value {
  return call.input;
}

/** All axes but the samples' in one. */
export function flatten(call: LayerCall): Value {
  const { input } = call;
  const sizes = input.dims.slice(1);
  const size = sizes.reduce<number | null>(
    (product, each) => (product === null || each === null ? null : product * each),
    1,
  );
  const shape = call.network.builder.integers([0, size ?? -1]);
  return call.result(call.add('Reshape', [input.name, shape]), [null, size]);
}
