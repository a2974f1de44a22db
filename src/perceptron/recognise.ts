import type { LoweredModel } from '../graph/lowering/lowerGraph';
import { broadcastIndices } from '../graph/static/fold';
import { transpose } from '../graph/static/shape';
import type { OperationOf, Value } from '../graph/static/value';
import { reachedFrom, sizeOf } from '../graph/static/value';
import type { Failure } from '../report/failure';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import { groupLayers } from '../subject/layers';
import type { Subject } from '../subject/subject';
import type { Activation } from './activation';
import { activationOf } from './activation';
import { elementwise, move, reachOf } from './elements';
import { Expressions } from './expressions';
import type { FoundLayer, FoundNumbers, Meaning, ParameterMeaning, UnitsMeaning } from './meanings';
import { movedOrder, recognisedSamples, requireRowsOfSamples, sameOrder, unitsOf } from './meanings';
import { obstacle } from './obstacle';
import type { AffineLayer, Perceptron } from './perceptron';

export type Recognition =
  { readonly ok: true; readonly perceptron: Perceptron } | { readonly ok: false; readonly failure: Failure };

/**
 * Reads a lowered graph as a perceptron (math.md 3): what each value is to one is followed from the inputs to the output.
 * @param target the tensor that is lowered
 * @param lowered for `recognisedSamples` samples
 * @returns the node in the way where it is none
 */
export function recognisePerceptron(subject: Subject, target: string, lowered: LoweredModel): Recognition {
  try {
    return { ok: true, perceptron: new Walk(subject, target, lowered).perceptron() };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** "perceptron 64-32-16-10, tanh": the widths, and the activations in order where they differ. */
export function describeArchitecture({ layers }: Perceptron): string {
  const widths = [...layers.slice(0, 1).map(({ inputs }) => inputs), ...layers.map(({ outputs }) => outputs)];
  const hidden = layers.slice(0, -1).map(({ activation }) => activation.name);
  const last = layers.at(-1)?.activation.name ?? 'identity';
  const different = [...new Set(hidden)];
  const inside = different.length > 1 ? hidden : different;
  const parts = [`perceptron ${widths.join('-')}`, ...(inside.length > 0 ? [inside.join(' ')] : [])];
  if (last !== 'identity') parts.push(`${last} on the output`);
  return parts.join(', ');
}

class Walk {
  private readonly meanings = new Map<Value, Meaning>();
  private readonly expressions = new Expressions();

  constructor(
    private readonly subject: Subject,
    private readonly target: string,
    private readonly lowered: LoweredModel,
  ) {
    for (const [name, value] of lowered.parameters) {
      this.meanings.set(value, { kind: 'parameter', name, order: null });
    }
    for (const value of lowered.inputs.values()) {
      const order = Int32Array.from({ length: sizeOf(value.dims) }, (_, place) => place);
      const width = order.length / recognisedSamples;
      this.meanings.set(value, { kind: 'samples', reach: order.map((place) => 1 << (place / width)), order });
    }
    // What the model's own operators compute may mix the samples.
    for (const value of lowered.computed.values()) {
      const reach = new Int32Array(sizeOf(value.dims)).fill((1 << recognisedSamples) - 1);
      this.meanings.set(value, { kind: 'samples', reach, order: null });
    }
  }

  perceptron(): Perceptron {
    const { output } = this.lowered;
    for (const value of reachedFrom([output])) {
      if (!this.meanings.has(value)) this.meanings.set(value, this.meaningOf(value));
    }
    const [input, ...others] = this.lowered.inputs.keys();
    if (input === undefined || others.length > 0) throw obstacle(null, 'is not made from one input alone');
    const end = this.meanings.get(output);
    if (end?.kind !== 'units') throw obstacle(output.origin, 'ends in no layer with weights');
    if (
      !end.order.every((unit, place) => unit === place) ||
      end.order.length !== recognisedSamples * end.layer.outputs
    ) {
      throw obstacle(output.origin, 'permutes or repeats the outputs of the last layer');
    }
    const chain: UnitsMeaning[] = [end];
    let { below } = end.layer;
    for (; below.kind === 'units'; { below } = below.layer) chain.unshift(below);
    this.requireFree(chain.map(({ layer }) => layer));
    return {
      layers: this.layersOf(chain),
      input,
      preprocessing: below.value,
      logits: this.target,
      head: this.subject.head.kind,
    };
  }

  /** Every parameter must be one layer's weight or bias, and nothing else. */
  private requireFree(layers: readonly FoundLayer[]): void {
    const used = new Set<string>();
    for (const { weight, bias, origin } of layers) {
      for (const { name } of bias === null ? [weight] : [weight, bias]) {
        if (used.has(name)) {
          throw obstacle(origin, `uses "${printable(name)}" a second time, and tied weights are not free`);
        }
        used.add(name);
      }
    }
    const left = [...this.lowered.parameters.keys()].find((name) => !used.has(name));
    if (left !== undefined) throw obstacle(null, `has the parameter "${printable(left)}" beside its layers`);
  }

  private layersOf(chain: readonly UnitsMeaning[]): AffineLayer[] {
    const { graph, parameters, decayed } = this.subject;
    const tensors = new Map(parameters.map(({ name, tensor }) => [name, tensor.data]));
    const groups = groupLayers(
      graph,
      parameters.filter(({ name }) => this.lowered.parameters.has(name)),
      () => null,
    );
    const numbers = ({ name, order }: FoundNumbers): Float64Array =>
      Float64Array.from(order, (place) => Number(tensors.get(name)?.[place]));
    const activations = new Map<Value, Activation>();
    return chain.map(({ layer: { inputs, outputs, weight, bias }, expression }): AffineLayer => {
      const { graph: g, variable } = this.expressions;
      const activation = activations.get(expression) ?? activationOf(g, variable, expression);
      activations.set(expression, activation);
      return {
        name:
          groups.find((group) => group.parameters.some(({ name }) => name === weight.name))?.name ??
          weight.name,
        inputs,
        outputs,
        weight: numbers(weight),
        bias: bias === null ? null : numbers(bias),
        activation,
        decayed: { weight: decayed.has(weight.name), bias: bias !== null && decayed.has(bias.name) },
      };
    });
  }

  private meaningOf(value: Value): Meaning {
    const { operation, inputs, origin } = value;
    const meanings = inputs.flatMap((input) => this.meanings.get(input) ?? []);
    const kinds = new Set(meanings.map(({ kind }) => kind));
    if (kinds.has('parameter')) {
      const [only, other] = meanings;
      if (operation.kind === 'matmul') return this.layer(value, operation, meanings);
      if (only?.kind === 'parameter' && (operation.kind === 'reshape' || operation.kind === 'transpose')) {
        return { ...only, order: operation.kind === 'reshape' ? only.order : movedOrder(value, only.order) };
      }
      if (operation.kind === 'binary' && operation.function === 'add') {
        if (only?.kind === 'parameter' && other?.kind === 'units') return this.biased(value, 0, only, other);
        if (only?.kind === 'units' && other?.kind === 'parameter') return this.biased(value, 1, other, only);
      }
      throw obstacle(origin, 'uses a parameter in a way that is neither the weight nor the bias of a layer');
    }
    if (kinds.has('units')) return this.ofUnits(value, meanings);
    if (!kinds.has('samples')) {
      const numbers = meanings.map((meaning) => (meaning.kind === 'fixed' ? meaning.number : null));
      return { kind: 'fixed', number: this.expressions.number(value, numbers) };
    }
    const contents = meanings.map((meaning, i) =>
      meaning.kind === 'samples'
        ? meaning
        : { reach: new Int32Array(sizeOf(inputs[i]?.dims ?? [])), order: null },
    );
    const orders = contents.flatMap(({ order }) => order ?? []);
    const isMoved = orders.length === inputs.length || (operation.kind === 'gather' && orders.length > 0);
    return {
      kind: 'samples',
      reach: reachOf(
        value,
        contents.map(({ reach }) => reach),
      ),
      order: isMoved ? move(value, orders) : null,
    };
  }

  /** A product of samples or units with a parameter; either may stand on either side. */
  private layer(
    value: Value,
    { transA, transB }: OperationOf<'matmul'>,
    [left, right]: readonly Meaning[],
  ): UnitsMeaning {
    const { origin, inputs: operands } = value;
    const isRight = right?.kind === 'parameter';
    const weight = isRight ? right : left;
    const data = isRight ? left : right;
    const [of, by] = isRight ? operands : operands.toReversed();
    if (weight?.kind !== 'parameter' || of === undefined || by === undefined || data === undefined) {
      throw new RangeError('A product without a parameter');
    }
    if (data.kind !== 'samples' && data.kind !== 'units') {
      throw obstacle(origin, 'multiplies two tensors of which none depends on the samples');
    }
    if (operands.some(({ dims }) => dims.length !== 2))
      throw obstacle(origin, 'is a product of more than two axes');
    const isTurned = isRight ? transA : !transB;
    const [samples = 0, inputs = 0] = isTurned ? of.dims.toReversed() : of.dims;
    const weightIsTurned = isRight ? !transB : transA;
    const outputs = weightIsTurned ? by.dims[1]! : by.dims[0]!;
    if (samples !== recognisedSamples) {
      throw obstacle(
        origin,
        'applies one weight to several rows of each sample, or to rows that are no samples',
      );
    }
    const placeOf = (n: number, k: number): number => (isTurned ? k * samples + n : n * inputs + k);
    const units = unitsOf(data, inputs, placeOf);
    if (units === null && data.kind === 'units') {
      throw obstacle(
        origin,
        'takes some units of the layer below more often than others, or mixes the samples',
      );
    }
    if (data.kind === 'samples') requireRowsOfSamples(data, inputs, placeOf, origin);
    const order = new Int32Array(outputs * inputs);
    for (let o = 0; o < outputs; o++) {
      for (let k = 0; k < inputs; k++) {
        const place = weightIsTurned ? k * outputs + o : o * inputs + k;
        order[o * inputs + (units?.[k] ?? k)] = weight.order?.[place] ?? place;
      }
    }
    const { g } = this.lowered;
    const first = {
      kind: 'first',
      value: units === null ? (isTurned ? transpose(g, of, [1, 0]) : of) : null,
    } as const;
    const found = {
      below: data.kind === 'units' ? data : first,
      inputs,
      outputs,
      weight: { name: weight.name, order },
      bias: null,
      origin,
    };
    const places = Int32Array.from({ length: samples * outputs }, (_, place) =>
      isRight ? place : (place % samples) * outputs + Math.floor(place / samples),
    );
    return { kind: 'units', layer: found, order: places, expression: this.expressions.variable };
  }

  /** A sum of one number of a parameter for every unit, right after the product. */
  private biased(value: Value, position: number, bias: ParameterMeaning, units: UnitsMeaning): UnitsMeaning {
    const { layer, order, expression } = units;
    const dims = value.inputs[position]?.dims ?? [];
    const fits =
      expression === this.expressions.variable &&
      layer.bias === null &&
      sizeOf(value.dims) === order.length &&
      sizeOf(dims) === layer.outputs;
    if (!fits) throw obstacle(value.origin, 'adds a parameter that is no bias of one number for each unit');
    const numbers = new Int32Array(layer.outputs).fill(-1);
    broadcastIndices(dims, value.dims).forEach((from, place) => {
      const unit = order[place]! % layer.outputs;
      const number = bias.order?.[from] ?? from;
      if (numbers[unit] !== -1 && numbers[unit] !== number) {
        throw obstacle(value.origin, 'adds a parameter that is not the same for every sample');
      }
      numbers[unit] = number;
    });
    return { ...units, layer: { ...layer, bias: { name: bias.name, order: numbers } } };
  }

  /** Units moved to other places, or an elementwise function of them. */
  private ofUnits(value: Value, meanings: readonly Meaning[]): UnitsMeaning {
    const { operation, inputs, origin } = value;
    const units = meanings.find((meaning) => meaning.kind === 'units');
    if (units === undefined) throw new RangeError('No units');
    const { layer, order, expression } = units;
    const isSame = (other: Meaning): boolean => other.kind === 'units' && other.layer === layer;
    if (!elementwise.has(operation.kind)) {
      const parts = meanings.flatMap((meaning) =>
        isSame(meaning) && meaning.kind === 'units' && meaning.expression === expression
          ? [meaning.order]
          : [],
      );
      const places =
        parts.length === inputs.length || operation.kind === 'gather' ? move(value, parts) : null;
      if (places === null)
        throw obstacle(origin, 'makes more of the units of a layer than an elementwise function');
      return { ...units, order: places };
    }
    const operands = meanings.map((meaning): Value => {
      if (meaning.kind === 'fixed') {
        const { number } = meaning;
        if (number === null) {
          throw obstacle(
            origin,
            'combines the units of a layer with fixed numbers that differ from unit to unit',
          );
        }
        return number;
      }
      const isAligned =
        meaning.kind === 'units' &&
        isSame(meaning) &&
        sizeOf(value.dims) === meaning.order.length &&
        sameOrder(meaning.order, order);
      if (!isAligned)
        throw obstacle(
          origin,
          'combines the units of a layer with something else that depends on the samples',
        );
      return meaning.expression;
    });
    return { ...units, expression: this.expressions.applied(value, operands) };
  }
}
