import { dense } from './layers/dense';
import { activation } from './layers/activations';
import { flatten, nothing } from './layers/shapes';
import type { LayerCall } from './layerCall';
import type { Value } from './value';

/** What a layer of each class makes of its inputs. */
export const layerRows: Readonly<Partial<Record<string, (call: LayerCall) => Value | readonly Value[]>>> = {
  Dense: dense,
  Activation: (call) => activation(call, call.input),
  Flatten: flatten,
  Dropout: nothing,
};
