import { numbersOf } from '../graph/graph';
import { sizeOf } from '../graph/static/value';
import { norm } from '../runtime/norm';
import type { Layer, WeightAxes } from '../subject/layers';

/** A layer with its place in the flat vector of all parameters. */
export interface ProductLayer {
  readonly name: string;
  readonly kind: string;
  readonly parameters: number;
  readonly inputs: number;
  readonly outputs: number;
  /** First position in the flat vector, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** ‖W‖_F of the weight, its bias left out. */
  readonly weightNorm: number;
  /** The shape of the weight, which comes first, and its axes of outputs and inputs; null where it has none. */
  readonly weight: { readonly dims: readonly number[]; readonly axes: WeightAxes } | null;
}

/** θ: all parameters in the order of the layers. */
export function weightsOf(layers: readonly Layer[]): Float64Array {
  const tensors = layers.flatMap(({ parameters }) => parameters.map(({ tensor }) => tensor.data));
  const weights = new Float64Array(tensors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const data of tensors) {
    for (let i = 0; i < data.length; i++) weights[at + i] = Number(data[i]);
    at += data.length;
  }
  return weights;
}

/** The places in that vector of the parameters with these names: from, and up to which. */
export function placesOf(
  layers: readonly Layer[],
  names: ReadonlySet<string>,
): readonly (readonly [from: number, to: number])[] {
  let at = 0;
  return layers.flatMap(({ parameters }) =>
    parameters.flatMap(({ name, tensor }) => {
      const from = at;
      at += tensor.data.length;
      return names.has(name) ? [[from, at] as const] : [];
    }),
  );
}

/** Numbers of every parameter, in the order of that vector; null where they are not those of all of them. */
export function laidOut(
  layers: readonly Layer[],
  numbers: ReadonlyMap<string, Float64Array>,
): Float64Array | null {
  const tensors = layers.flatMap(({ parameters }) => parameters);
  const flat = new Float64Array(tensors.reduce((sum, { tensor }) => sum + tensor.data.length, 0));
  let at = 0;
  for (const { name, tensor } of tensors) {
    const own = numbers.get(name);
    if (own?.length !== tensor.data.length) return null;
    flat.set(own, at);
    at += own.length;
  }
  return flat;
}

/** The layers with their places in that vector. */
export function productLayers(layers: readonly Layer[]): readonly ProductLayer[] {
  let at = 0;
  return layers.map(({ name, kind, parameters, inputs, outputs, axes }) => {
    const from = at;
    for (const { tensor } of parameters) at += sizeOf(tensor.dims);
    const [weight] = parameters;
    const weightNorm = weight === undefined ? 0 : norm(numbersOf(weight.tensor));
    return {
      name,
      kind,
      parameters: at - from,
      inputs,
      outputs,
      from,
      to: at,
      weightNorm,
      weight: weight === undefined || axes === null ? null : { dims: weight.tensor.dims, axes },
    };
  });
}
