import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import { Config, isRecord } from './config';
import {
  allReferences,
  callKey,
  nodeCall,
  referencesIn,
  type Listed,
  type NodeCall,
  type Reference,
} from './calls';
import { LayerCall, type Arguments, type Network } from './layerCall';
import { layerRows, maskingLayers } from './layers';
import { Value } from './value';
import type { Weights } from './weights';

/** A model's configuration, and where it stands. */
export interface ModelPart {
  readonly className: string;
  readonly config: Config;
  readonly weights: Weights;
  /** Of the models around it, with a slash behind it; nothing for the outermost. */
  readonly prefix: string;
  readonly isTrained: boolean;
}

/** What Keras calls a model that is made of layers. */
export const modelClasses: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

/** What takes whole numbers that name rows of a table, one of them an Embedding. */
const indexUsers: ReadonlySet<string> = new Set(['Embedding', 'ops.NotEqual', 'ops.Equal']);

/** More layers than any model has; a file can claim more. */
const mostLayers = 20_000;
const deepestModel = 16;

/**
 * The layers of a model on its inputs.
 * @param inputs where it is a layer of another model; null: the graph's inputs are made
 */
export function buildModel(
  network: Network,
  part: ModelPart,
  inputs: readonly Value[] | null,
): readonly { readonly name: string; readonly value: Value }[] {
  if (part.prefix.split('/').length > deepestModel)
    throw part.config.damaged('has models within models without end');
  const layers = listLayers(network, part);
  return part.className === 'Sequential'
    ? buildSequential(network, part, layers, inputs)
    : buildFunctional(network, part, layers, inputs);
}

function listLayers(network: Network, { config, weights, prefix, isTrained }: ModelPart): readonly Listed[] {
  const entries = config.list('layers').map((entry) => {
    if (!isRecord(entry)) throw config.damaged('lists something that is no layer');
    return entry;
  });
  if (entries.length > mostLayers) throw config.damaged(`has ${entries.length} layers`);
  const named = entries.map((entry) => {
    const outer = new Config(entry, `A layer of ${quote(network.file)}`);
    const className = outer.text('class_name');
    const inner = new Config(
      entry['config'],
      `The configuration of a layer of the class ${quote(className)} of ${quote(network.file)}`,
    );
    const name = inner.text('name', typeof entry['name'] === 'string' ? entry['name'] : undefined);
    return { entry, className, name };
  });
  const places = weights.layers(named);
  const listed = named.map(({ entry, className, name }, index) => {
    const own = new Config(
      entry['config'],
      `The layer ${quote(prefix + name)} (${className}) of ${quote(network.file)}`,
    );
    requireBuiltIn(network, entry, className, prefix + name);
    // The weights of such layers are whole numbers with scales beside them.
    if (
      /quantized|int[48]|float8/i.test(JSON.stringify(own.value('dtype') ?? '')) &&
      className !== 'InputLayer'
    )
      throw own.unsupported(
        'is quantised, which cannot be differentiated; analyse the model as it was before it was quantised',
      );
    const place = places[index];
    if (place === undefined) throw new Error('A layer without a place');
    return {
      entry,
      className: classIn(entry, className.slice(className.lastIndexOf('>') + 1)),
      shortName: name,
      name: prefix + name,
      config: own,
      weights: place,
      isTrained: isTrained && own.flag('trainable', true),
    };
  });
  network.layers.push(...listed);
  return listed;
}

/** An operation between layers may be called as a layer is. */
function classIn(entry: Readonly<Record<string, unknown>>, className: string): string {
  const { module } = entry;
  const isOperation =
    typeof module === 'string'
      ? module.includes('.ops.')
      : // HDF5 files name no module; layers have more in their configuration.
        `ops.${className}` in layerRows && isRecord(entry['config']) && !('trainable' in entry['config']);
  return isOperation ? `ops.${className}` : className;
}

/** A layer of somebody's own may have the name of one of Keras's. */
function requireBuiltIn(
  { file }: Network,
  entry: Readonly<Record<string, unknown>>,
  className: string,
  name: string,
): void {
  const { module, registered_name: registered } = entry;
  const isForeign =
    (typeof registered === 'string' && registered.includes('>')) ||
    ('module' in entry && !(typeof module === 'string' && /^keras\b/.test(module)));
  if (
    !isForeign &&
    (classIn(entry, className) in layerRows || className === 'InputLayer' || modelClasses.has(className))
  )
    return;
  const shown = typeof registered === 'string' && registered !== '' ? registered : className;
  throw customFailure(file, isForeign ? shown : className, isForeign, name);
}

/** The refusal of a class whose computation no file tells. */
export function customFailure(
  file: string,
  className: string,
  isOwn: boolean,
  layer: string | null,
): FailureError {
  const what = layer === null ? 'is a model' : `has the layer ${quote(layer)}`;
  const why = isOwn ? 'whose computation stands in Python code, not in the file' : 'which is not read here';
  return new FailureError(
    'UnsupportedStructure',
    `${quote(file)} ${what} of the class ${quote(className)}, ${why}; load it in Keras, call model.export("model.onnx", format="onnx") and analyse that file.`,
  );
}

function callLayer(network: Network, layer: Listed, given: Arguments): readonly Value[] {
  if (modelClasses.has(layer.className)) {
    const part = { ...layer, prefix: `${layer.name}/` };
    return buildModel(network, part, given.inputs).map(({ value }) => value);
  }
  return runLayer(new LayerCall(network, layer, given));
}

/** Makes the operators of a layer, by its class. */
export function runLayer(call: LayerCall): readonly Value[] {
  const { network, layer } = call;
  const { className } = layer;
  const row = layerRows[className];
  if (row === undefined) throw customFailure(network.file, className, false, layer.name);
  const made = row(call);
  const values = 'dims' in made ? [made] : made;
  // Layers that know better have said so.
  const mask = maskingLayers.has(className) ? maskBehind(call) : null;
  if (mask !== null)
    for (const value of values) if (!network.masked.has(value)) network.masked.set(value, mask);
  return values;
}

/** What a layer that does not change which steps count hands on: of several masks a step needs one, and all have to be there. */
function maskBehind(call: LayerCall): string | null {
  const masks = call.inputs.flatMap((value) => call.network.masked.get(value) ?? []);
  const [first, ...others] = masks;
  if (first === undefined || masks.length < call.inputs.length) return null;
  return others.reduce((either, each) => call.add('Or', [either, each]), first);
}

function buildSequential(
  network: Network,
  { config }: ModelPart,
  layers: readonly Listed[],
  inputs: readonly Value[] | null,
): readonly { readonly name: string; readonly value: Value }[] {
  const own = layers.filter(({ className }) => className !== 'InputLayer');
  const [first] = own;
  if (first === undefined) throw config.damaged('has no layers');
  let values = inputs;
  if (values === null) {
    const input = layers.find(({ className }) => className === 'InputLayer');
    values = [graphInput(network, input ?? first, first.className === 'Embedding', config)];
  }
  for (const layer of own)
    values = callLayer(network, layer, { inputs: values, named: new Map(), flags: new Map() });
  return values.map((value) => ({ name: own.at(-1)?.name ?? '', value }));
}

/** A graph input of the shape that an Input layer, the first layer or the model was built for. */
function graphInput(network: Network, layer: Listed, isIndex: boolean, model?: Config): Value {
  const shape =
    layer.config.value('batch_shape') ??
    layer.config.value('batch_input_shape') ??
    model?.value('build_input_shape');
  if (!Array.isArray(shape)) throw layer.config.damaged('does not say the shape of its input');
  const dims = shape.map((size: unknown, axis) => {
    if (axis === 0 || size === null) return null;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1)
      throw layer.config.damaged(`has an input of shape ${quote(JSON.stringify(shape))}`);
    return size;
  });
  const dtype = layer.config.value('dtype');
  const isWhole = typeof dtype === 'string' && /^u?int/.test(dtype);
  if (typeof dtype === 'string' && !isWhole && !/^b?float/.test(dtype))
    throw layer.config.damaged(`takes an input of the type ${quote(dtype)}`);
  const type = isIndex || isWhole ? 'int64' : network.type;
  const name = network.builder.input(layer.shortName, type, ['N', ...dims.slice(1)]);
  const isCast = type === 'int64' && !isIndex;
  if (isIndex) network.indices.add(name);
  // TensorProto's numbers of the types.
  const to = network.type === 'float32' ? 1 : 11;
  return new Value(network.builder, dims, {
    last: isCast ? network.builder.add('Cast', [name], { to }) : name,
  });
}

function buildFunctional(
  network: Network,
  { config }: ModelPart,
  layers: readonly Listed[],
  inputs: readonly Value[] | null,
): readonly { readonly name: string; readonly value: Value }[] {
  const calls = new Map<string, NodeCall>();
  for (const layer of layers) {
    const nodes = layer.entry['inbound_nodes'];
    (Array.isArray(nodes) ? nodes : []).forEach((node: unknown, index) => {
      calls.set(callKey(layer.shortName, index), nodeCall(layer, node));
    });
  }
  const made = new Map<string, readonly Value[]>();
  referencesIn(config.value('input_layers')).forEach(({ layer: name, node }, index) => {
    const layer = layers.find((each) => each.shortName === name);
    if (layer === undefined) throw config.damaged(`has no layer ${quote(name)}`);
    const users = [...calls.values()].filter((call) =>
      allReferences(call).some((each) => each.layer === name),
    );
    const isIndex =
      users.some((user) => user.layer.className === 'Embedding') &&
      users.every(({ layer: { className } }) => indexUsers.has(className));
    const value = inputs === null ? graphInput(network, layer, isIndex) : inputs[index];
    if (value === undefined) throw config.damaged(`gets ${inputs?.length ?? 0} inputs`);
    made.set(callKey(name, node), [value]);
  });
  const outputs = outputReferences(network, config, layers, calls);
  if (outputs.length === 0) throw config.damaged('has no outputs');
  // Depth first, with a stack of our own: models are deep, and files may call in circles.
  const open = outputs.map(({ layer, node }) => callKey(layer, node));
  const begun = new Set<string>();
  for (let key = open.at(-1); key !== undefined; key = open.at(-1)) {
    const call = calls.get(key);
    if (made.has(key)) {
      open.pop();
      continue;
    }
    if (call === undefined) throw config.damaged(`has no call ${quote(key)}`);
    const missing = allReferences(call)
      .map(({ layer, node }) => callKey(layer, node))
      .filter((each) => !made.has(each));
    if (missing.length === 0) {
      const of = (each: Reference): Value => tensorOf(made, each, config);
      const named = new Map([...call.named].map(([name, each]) => [name, of(each)]));
      made.set(key, callLayer(network, call.layer, { inputs: call.from.map(of), named, flags: call.flags }));
      open.pop();
    } else if (begun.has(key)) {
      throw config.damaged(`calls ${quote(call.layer.name)} in a circle`);
    } else {
      begun.add(key);
      open.push(...missing);
    }
  }
  return outputs.map((output) => ({ name: output.layer, value: tensorOf(made, output, config) }));
}

/**
 * The tensors that a model gives. A model has a call of its own, which the numbers of its outputs count though the file does
 * not list it: Keras 3 always counts it for functional models, Keras 2 for some.
 */
function outputReferences(
  { keras }: Network,
  config: Config,
  layers: readonly Listed[],
  calls: ReadonlyMap<string, NodeCall>,
): readonly Reference[] {
  const classes = new Map(layers.map(({ shortName, className }) => [shortName, className]));
  return referencesIn(config.value('output_layers')).map((reference) => {
    const { layer, node } = reference;
    const className = classes.get(layer) ?? '';
    const isCounted =
      keras === 3
        ? className === 'Functional' && node > 0
        : modelClasses.has(className) && !calls.has(callKey(layer, node));
    return isCounted ? { ...reference, node: node - 1 } : reference;
  });
}

function tensorOf(
  made: ReadonlyMap<string, readonly Value[]>,
  { layer, node, tensor }: Reference,
  config: Config,
): Value {
  const value = made.get(callKey(layer, node))?.[tensor];
  if (value === undefined)
    throw config.damaged(`takes output ${tensor} of ${quote(layer)}, which it does not have`);
  return value;
}
