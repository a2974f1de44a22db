import type { ElementType, Tensor } from '../../graph/graph';
import type { GraphBuilder } from '../built/graphBuilder';
import type { Estimator } from './estimator';

/** What each scaler does with its numbers, in its order; an attribute that is None does nothing. */
const scalers: Readonly<Record<string, readonly (readonly ['Sub' | 'Div' | 'Mul' | 'Add', string])[]>> = {
  StandardScaler: [
    ['Sub', 'mean_'],
    ['Div', 'scale_'],
  ],
  MinMaxScaler: [
    ['Mul', 'scale_'],
    ['Add', 'min_'],
  ],
  MaxAbsScaler: [['Div', 'scale_']],
  RobustScaler: [
    ['Sub', 'center_'],
    ['Div', 'scale_'],
  ],
};
/** What says that an attribute is not used, though it is there. */
const switches: Readonly<Record<string, string>> = {
  mean_: 'with_mean',
  center_: 'with_centering',
};

/** The samples as a scaler gives them, by constants; null: it is none that is read. */
export function scaled(
  builder: GraphBuilder,
  scaler: Estimator,
  x: string,
  type: ElementType,
): string | null {
  const steps = scaler.isOwn && Object.hasOwn(scalers, scaler.class) ? scalers[scaler.class] : undefined;
  if (steps === undefined) return null;
  let value = x;
  for (const [operator, attribute] of steps) {
    const isOff = scaler.flag(switches[attribute] ?? '') === false;
    if (isOff || scaler.isNone(attribute)) continue;
    const constant = builder.constant(`${scaler.class}.${attribute}`, cast(scaler.tensor(attribute), type));
    value = builder.add(operator, [value, constant], {}, scaler.class);
  }
  if (scaler.flag('clip') !== true) return value;
  const [low, high] = scaler.pair('feature_range');
  const limit = (name: string, at: number): string =>
    builder.constant(name, cast({ type: 'float64', dims: [], data: Float64Array.of(at) }, type));
  return builder.add('Clip', [value, limit('low', low), limit('high', high)], {}, scaler.class);
}

function cast(tensor: Tensor, type: ElementType): Tensor {
  if (tensor.type === type) return tensor;
  const values = Array.from(tensor.data, Number);
  return type === 'float32'
    ? { type, dims: tensor.dims, data: Float32Array.from(values) }
    : { type: 'float64', dims: tensor.dims, data: Float64Array.from(values) };
}
