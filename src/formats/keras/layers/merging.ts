import type { LayerCall } from '../layerCall';
import type { Sizes, Value } from '../value';
import { lengthened } from './normalisations';

type Row = (call: LayerCall) => Value;

/** An operator on all inputs, number by number. */
export function merging(operator: 'Add' | 'Sub' | 'Mul' | 'Mean' | 'Max' | 'Min'): Row {
  return (call) => {
    const { inputs } = call;
    const dims = broadcast(call);
    const areImages = inputs.every((value) => value.isImage && equal(value.dims, dims));
    const names = inputs.map((value) => (areImages ? value.channelsFirst : value.name));
    const [first = '', ...rest] = names;
    if (operator === 'Sub' && rest.length !== 1) throw call.damaged(`subtracts ${names.length} inputs`);
    const isBinary = operator === 'Add' || operator === 'Sub' || operator === 'Mul';
    const merged = isBinary
      ? rest.reduce((result, name) => call.add(operator, [result, name]), first)
      : call.add(operator, names);
    return areImages ? call.imageResult(merged, dims) : call.result(merged, dims);
  };
}

function equal(one: Sizes, other: Sizes): boolean {
  return one.length === other.length && one.every((size, axis) => size === other[axis]);
}

function broadcast(call: LayerCall): Sizes {
  const [first, ...others] = call.inputs;
  if (first === undefined) throw call.damaged('has no inputs');
  return others.reduce<Sizes>((dims, value) => {
    if (value.dims.length !== dims.length)
      throw call.unsupported(
        'merges inputs with different numbers of axes, which is not read here; reshape them before',
      );
    return dims.map((size, axis) => {
      const other = value.dims[axis] ?? null;
      if (size === null || other === null || size === other) return size ?? other;
      if (size !== 1 && other !== 1)
        throw call.damaged(`merges [${dims.join(', ')}] and [${value.dims.join(', ')}]`);
      return Math.max(size, other);
    });
  }, first.dims);
}

/** All inputs one behind the other along an axis. */
export function concatenate(call: LayerCall): Value {
  const { inputs, config } = call;
  const [first] = inputs;
  if (first === undefined) throw call.damaged('has no inputs');
  const rank = first.dims.length;
  const said = config.number('axis', -1);
  const axis = said < 0 ? said + rank : said;
  const fits = inputs.every(
    ({ dims }) =>
      dims.length === rank && dims.every((size, at) => at === axis || size === (first.dims[at] ?? null)),
  );
  if (!fits || axis < 1 || axis >= rank)
    throw call.damaged(
      `concatenates ${inputs.map(({ dims }) => `[${dims.join(', ')}]`).join(' and ')} along axis ${said}`,
    );
  const sizes = inputs.map(({ dims }) => dims[axis] ?? null);
  const whole = sizes.every((size) => size !== null) ? sizes.reduce((sum, size) => sum + size, 0) : null;
  const dims = first.dims.map((size, at) => (at === axis ? whole : size));
  const masks = inputs.flatMap((value) => call.network.masked.get(value) ?? []);
  if (axis === 1 && rank === 3 && masks.length > 0) {
    if (masks.length < inputs.length)
      throw call.unsupported(
        'puts steps with and without a mask behind each other, which is not read here; mask all of them or none',
      );
    const joined = call.result(
      call.add(
        'Concat',
        inputs.map((value) => value.name),
        { axis },
      ),
      dims,
    );
    call.network.masked.set(joined, call.add('Concat', masks, { axis }));
    return joined;
  }
  return inputs.every((value) => value.isImage) && axis === rank - 1
    ? call.imageResult(
        call.add(
          'Concat',
          inputs.map((value) => value.channelsFirst),
          { axis: 1 },
        ),
        dims,
      )
    : call.result(
        call.add(
          'Concat',
          inputs.map((value) => value.name),
          { axis },
        ),
        dims,
      );
}

/** Products summed along one axis of each of two inputs. */
export function dot(call: LayerCall): Value {
  const [one, other] = call.inputs;
  if (one === undefined || other === undefined || call.inputs.length > 2)
    throw call.damaged(`has ${call.inputs.length} inputs`);
  const said = call.config.value('axes');
  const [first, second] = (Array.isArray(said) ? said : [said, said]).map(Number);
  const axes = [first ?? NaN, second ?? NaN].map((axis, at) =>
    axis < 0 ? axis + (at === 0 ? one : other).dims.length : axis,
  );
  const [axis = NaN, otherAxis = NaN] = axes;
  const fits =
    axis > 0 && otherAxis > 0 && one.dims[axis] !== undefined && one.dims[axis] === other.dims[otherAxis];
  if (!fits || one.dims.length + other.dims.length > 20)
    throw call.damaged(`has the axes ${JSON.stringify(said)}`);
  // a: the samples; b: the axis that is summed; every other axis a letter of its own.
  const letters = Array.from('cdefghijklmnopqrstuvwxyz');
  const label = ({ dims }: Value, summed: number): string =>
    dims.map((_, at) => (at === 0 ? 'a' : at === summed ? 'b' : (letters.shift() ?? ''))).join('');
  const [left, right] = [label(one, axis), label(other, otherAxis)];
  const kept = `a${`${left}${right}`.replace(/[ab]/g, '')}`;
  const unit = (value: Value, along: number): string =>
    call.config.flag('normalize', false) ? lengthened(call, value.name, [along]) : value.name;
  const product = call.add('Einsum', [unit(one, axis), unit(other, otherAxis)], {
    equation: `${left},${right}->${kept}`,
  });
  const dims = [
    null,
    ...one.dims.filter((_, at) => at > 0 && at !== axis),
    ...other.dims.filter((_, at) => at > 0 && at !== otherAxis),
  ];
  if (dims.length > 1) return call.result(product, dims);
  return call.result(call.add('Unsqueeze', [product, call.network.builder.integers([1])]), [null, 1]);
}
