import type { LayerCall } from '../layerCall';
import type { Value } from '../value';
import { isRecord } from '../config';

type Activation = (call: LayerCall, x: string) => string;

const single =
  (operator: string): Activation =>
  (call, x) =>
    call.add(operator, [x]);

/** Keras's functions by name. */
const activations: Readonly<Partial<Record<string, Activation>>> = {
  relu: single('Relu'),
  tanh: single('Tanh'),
  sigmoid: single('Sigmoid'),
  softmax: (call, x) => call.add('Softmax', [x], { axis: -1 }),
};

/** The function that a layer's configuration names, on a value. */
export function activation(call: LayerCall, value: Value, key = 'activation'): Value {
  const said = call.config.value(key);
  const name = isRecord(said) ? said['class_name'] : said;
  if (name === undefined || name === 'linear') return value;
  const own = typeof name === 'string' ? activations[name] : undefined;
  if (own === undefined)
    throw call.unsupported(
      `has the activation "${String(name)}", which is not read here; load the model in Keras, call model.export("model.onnx", format="onnx") and analyse that file`,
    );
  return value.map((x) => own(call, x));
}
