import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import type { TensorData } from '../../graph/graph';
import type { BuiltAttributes, GraphBuilder } from '../built/graphBuilder';
import type { Config } from './config';
import { Value, type Sizes } from './value';
import type { Weights } from './weights';

/** What all layers of a file share. */
export interface Network {
  readonly builder: GraphBuilder;
  /** The file's name, for sentences. */
  readonly file: string;
  /** Keras 3 and 2 call some things by the same name. */
  readonly keras: 2 | 3;
  /** The type of the numbers that the model computes with. */
  readonly type: 'float32' | 'float64';
  readonly trained: Set<string>;
  readonly frozen: Set<string>;
  /** Tensors that are whole numbers, which name rows of a table. */
  readonly indices: Set<string>;
  /** What goes through the network with a mask, N × steps, of which steps count. */
  readonly masked: Map<Value, string>;
  /** All layers that were read. */
  readonly layers: LayerFacts[];
  /** What a reader should know of how the file was read. */
  readonly notes: string[];
  /** Makes the operators of a layer. */
  readonly run: (call: LayerCall) => readonly Value[];
}

/** What a layer is called with. */
export interface Arguments {
  readonly inputs: readonly Value[];
  /** Tensors that are given by name. */
  readonly named: ReadonlyMap<string, Value>;
  /** What else is given by name. */
  readonly flags: ReadonlyMap<string, unknown>;
}

export interface LayerFacts {
  readonly className: string;
  /** The layer's name, behind those of the models that it is in. */
  readonly name: string;
  readonly config: Config;
  readonly weights: Weights;
  readonly isTrained: boolean;
}

/** A layer put on its inputs: what its row of the table of layers makes operators of. */
export class LayerCall {
  readonly network: Network;
  readonly layer: LayerFacts;
  private readonly given: Arguments;
  /** How many variables were asked for: they lie in the order in which a layer makes them. */
  private variables = 0;

  constructor(network: Network, layer: LayerFacts, given: Arguments) {
    this.network = network;
    this.layer = layer;
    this.given = given;
  }

  get inputs(): readonly Value[] {
    return this.given.inputs;
  }

  get named(): ReadonlyMap<string, Value> {
    return this.given.named;
  }

  get flags(): ReadonlyMap<string, unknown> {
    return this.given.flags;
  }

  /** Which steps of the first input count: as the call says, else as the input says; null: all. */
  get mask(): string | null {
    const given = this.named.get('mask');
    if (given !== undefined) return this.asMask(given);
    const [input, ...others] = this.inputs;
    // Keras 3 hands on no mask by itself to a recurrent layer that is given states.
    if (others.length > 0 && this.network.keras === 3) return null;
    return (input === undefined ? undefined : this.network.masked.get(input)) ?? null;
  }

  /** A tensor of zeros and ones as a mask. */
  asMask({ name }: Value): string {
    // 9: bool.
    return this.add('Cast', [name], { to: 9 });
  }

  /** The same layer on other inputs. */
  on(inputs: readonly Value[]): LayerCall {
    return new LayerCall(this.network, this.layer, { ...this.given, inputs });
  }

  get config(): Config {
    return this.layer.config;
  }

  /** The input of a layer that takes one. */
  get input(): Value {
    const [input] = this.inputs;
    if (input === undefined || this.inputs.length > 1) throw this.damaged(`has ${this.inputs.length} inputs`);
    return input;
  }

  /** A size along an axis of the input that the weights or the result depend on. */
  size(axis: number, value: Value = this.input): number {
    const size = value.dims.at(axis);
    if (typeof size === 'number') return size;
    throw this.unsupported(
      'takes an input whose size the file leaves open; give the Input layer its shape and save the model again',
    );
  }

  /** Refuses an input of another rank. */
  requireRank(rank: number): void {
    if (this.input.dims.length !== rank)
      throw this.damaged(`takes ${rank} axes and gets ${this.input.dims.length}`);
  }

  /** Adds an operator of one output. */
  add(operator: string, inputs: readonly string[], attributes: BuiltAttributes = {}): string {
    return this.network.builder.add(operator, inputs, attributes, this.layer.name);
  }

  /** A result in Keras's order of axes. */
  result(name: string, dims: Sizes): Value {
    return new Value(this.network.builder, dims, { last: name });
  }

  /** A result with the channels as its second axis, though `dims` are in Keras's order. */
  imageResult(name: string, dims: Sizes): Value {
    return new Value(this.network.builder, dims, { channelsFirst: name });
  }

  /** A number, or a list of them, that the graph needs. */
  constant(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    const { type } = this.network;
    const data = type === 'float32' ? Float32Array.from(list) : Float64Array.from(list);
    return this.network.builder.constant(`${this.layer.name}/constant`, {
      type,
      dims: typeof values === 'number' ? [] : [values.length],
      data,
    });
  }

  /**
   * The next of the layer's own variables.
   * @param dims as in the file
   * @param arranged the numbers and sizes as an operator takes them
   */
  weight(
    name: string,
    dims: Sizes,
    arranged: (tensor: StoredTensor) => StoredTensor = (tensor) => tensor,
  ): string {
    const { builder, trained, frozen } = this.network;
    const full = `${this.layer.name}/${name}`;
    const tensor = (): StoredTensor => arranged(this.read(this.variables, name, dims));
    const isKnown = trained.has(full) || frozen.has(full);
    if (!isKnown) {
      builder.parameter(full, { type: this.network.type, ...tensor() });
      (this.layer.isTrained ? trained : frozen).add(full);
    }
    this.variables += 1;
    return full;
  }

  /** The next of the layer's variables where it is no parameter, such as a moving mean. */
  statistic(name: string, dims: Sizes): string {
    const tensor = this.read(this.variables, name, dims);
    this.variables += 1;
    return this.network.builder.constant(`${this.layer.name}/${name}`, {
      type: this.network.type,
      ...tensor,
    });
  }

  /** The numbers of the next of the layer's variables. */
  numbers(name: string, dims: Sizes): readonly number[] {
    const { data } = this.read(this.variables, name, dims);
    this.variables += 1;
    return Array.from(data, Number);
  }

  /** A layer within this one, with variables of its own. */
  within(
    attribute: string,
    name: string,
    config: Config = this.config,
    className = this.layer.className,
  ): LayerCall {
    const { weights, isTrained } = this.layer;
    const layer = {
      className,
      name: `${this.layer.name}/${name}`,
      config,
      weights: weights.child(attribute, name),
      isTrained: isTrained && config.flag('trainable', true),
    };
    return new LayerCall(this.network, layer, this.given);
  }

  /** The layer as the subject of a sentence. */
  get subject(): string {
    return `The layer ${quote(this.layer.name)} (${this.layer.className}) of ${quote(this.network.file)}`;
  }

  /** @param what the end of a sentence */
  damaged(what: string): FailureError {
    return new FailureError(
      'DamagedModel',
      `${this.subject} ${what}; the file is damaged or was made by hand, so save the model again.`,
    );
  }

  /** @param what the end of a sentence that says what to do, too */
  unsupported(what: string): FailureError {
    return new FailureError('UnsupportedStructure', `${this.subject} ${what}.`);
  }

  private read(index: number, name: string, dims: Sizes): StoredTensor {
    const dataset = this.layer.weights.variable(index, name);
    const full = quote(`${this.layer.name}/${name}`);
    if (dataset === null) throw this.damaged(`has no weights ${full} in the file`);
    const fits =
      dataset.dims.length === dims.length &&
      dims.every((size, axis) => size === null || size === dataset.dims[axis]);
    if (!fits)
      throw this.damaged(
        `needs ${full} of shape ${shapeText(dims)}, and the file has ${shapeText(dataset.dims)}`,
      );
    const data = dataset.read();
    if (!data.every(Number.isFinite)) throw this.damaged(`has numbers in ${full} that are not finite`);
    return {
      dims: dataset.dims,
      data: this.network.type === 'float32' ? Float32Array.from(data) : Float64Array.from(data),
    };
  }
}

export interface StoredTensor {
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** @param order for every axis of the result the axis that it was */
export function transposed(order: readonly number[]): (tensor: StoredTensor) => StoredTensor {
  return ({ dims, data }) => {
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
    const turned = order.map((axis) => dims[axis] ?? 1);
    const steps = order.map((axis) => strides[axis] ?? 1);
    const at = turned.map(() => 0);
    let from = 0;
    const result = data.map(() => {
      const value = data[from] ?? 0;
      for (let axis = at.length - 1; axis >= 0; axis -= 1) {
        at[axis]! += 1;
        from += steps[axis]!;
        if (at[axis]! < turned[axis]!) break;
        from -= steps[axis]! * turned[axis]!;
        at[axis] = 0;
      }
      return value as never;
    });
    return { dims: turned, data: result };
  };
}

function shapeText(dims: Sizes): string {
  return `[${dims.map((size) => size ?? '?').join(', ')}]`;
}
