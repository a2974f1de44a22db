import type { LayerCall } from '../layerCall';
import type { Value } from '../value';
import { activation } from './activations';

/** x W + b along the last axis. */
export function dense(call: LayerCall): Value {
  const { config, input } = call;
  const [units = 0] = config.sizes('units', 1);
  const product = call.add('MatMul', [input.name, call.weight('kernel', [input.dims.at(-1) ?? null, units])]);
  const sum = config.flag('use_bias', true)
    ? call.add('Add', [product, call.weight('bias', [units])])
    : product;
  return activation(call, call.result(sum, [...input.dims.slice(0, -1), units]));
}
