import { add, div, mul, neg, sub } from '../graph/static/elementwise';
import { gatherElements, scatterElements } from '../graph/static/indexing';
import { reshape } from '../graph/static/shape';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { dependentOn, reachedFrom, sameDims } from '../graph/static/value';
import type { Standing } from './productForms';
import { repeatedOverWindows } from './unpooling';
import { isRow, orient, withBias } from './productForms';

/** A value that moves with the direction, times one that does not; all of one shape. */
interface Term {
  readonly moved: Value;
  readonly sign: 1 | -1;
  /** null: 1. */
  readonly factor: Value | null;
}

/** The factor times the sum of the terms. */
interface Combination {
  readonly factor: Value | null;
  readonly terms: readonly Term[];
}

/**
 * A product is linear in its direction: what moves with it is only added, multiplied by what does not move, and taken
 * through other linear operations. Here elementwise sums and multiples are gathered into linear combinations of what the
 * other operations give, (t·p + u)·q + t·r = t·(p·q + r) + u·q: the factors are then computed once for each batch, and what
 * is left for each vector is one multiplication a term. The second derivative of an activation, however it is written
 * out, becomes two of them. Matrices that do not move are turned as their products read them, also once for each batch.
 * @param directions the inputs that change with the vector
 * @param samples the inputs that change with the batch
 */
export function regroup(
  g: StaticGraph,
  outputs: readonly Value[],
  directions: readonly Value[],
  samples: readonly Value[],
): readonly Value[] {
  return new Regrouping(g, outputs, directions, samples).outputs();
}

class Regrouping {
  private readonly ordered: readonly Value[];
  private readonly moving: ReadonlySet<Value>;
  private readonly ofBatch: ReadonlySet<Value>;
  /** How often each value is read by a sum or a multiple, and by anything else. */
  private readonly gathered = new Map<Value, number>();
  private readonly other = new Map<Value, number>();
  private readonly combinations = new Map<Value, Combination>();
  private readonly made = new Map<Value, Value>();

  constructor(
    private readonly g: StaticGraph,
    private readonly wanted: readonly Value[],
    directions: readonly Value[],
    samples: readonly Value[],
  ) {
    this.ordered = reachedFrom(wanted);
    this.moving = dependentOn(directions, this.ordered);
    this.ofBatch = dependentOn(samples, this.ordered);
    const count = (uses: Map<Value, number>, value: Value): void => {
      uses.set(value, (uses.get(value) ?? 0) + 1);
    };
    for (const value of this.ordered) {
      const uses = this.isGathered(value) ? this.gathered : this.other;
      for (const input of value.inputs) count(uses, input);
    }
    for (const output of wanted) count(this.other, output);
  }

  outputs(): readonly Value[] {
    for (const value of this.ordered) {
      if (!this.moving.has(value)) continue;
      this.g.under(value.origin, () => {
        this.combinations.set(value, this.settle(value, this.combined(value)));
      });
    }
    return this.wanted.map((output) => this.g.under(output.origin, () => this.value(output)));
  }

  /** Whether a value is a sum or a multiple of moving values of its own shape. */
  private isGathered({ operation, inputs, dims }: Value): boolean {
    const movesAlike = (input: Value): boolean => this.moving.has(input) && sameDims(input.dims, dims);
    const [a, b] = inputs;
    if (a === undefined) return false;
    if (operation.kind === 'unary') return operation.function === 'neg' && movesAlike(a);
    if (operation.kind !== 'binary' || b === undefined) return false;
    switch (operation.function) {
      case 'add':
      case 'sub':
        return movesAlike(a) && movesAlike(b);
      case 'mul':
        return movesAlike(this.moving.has(a) ? a : b);
      case 'div':
        return movesAlike(a) && !this.moving.has(b);
    }
  }

  private combined(value: Value): Combination {
    const { g } = this;
    const { operation, inputs } = value;
    const [a, b] = inputs;
    if (operation.kind === 'gatherElements') return this.selected(value) ?? alone(this.rebuilt(value));
    if (operation.kind === 'scatterElements')
      return this.unpooled(value, value.dims) ?? alone(this.rebuilt(value));
    if (!this.isGathered(value) || a === undefined) return alone(this.rebuilt(value));
    if (operation.kind !== 'binary' || b === undefined) return negate(this.combinationOf(a));
    switch (operation.function) {
      case 'add':
        return this.sum(this.combinationOf(a), this.combinationOf(b));
      case 'sub':
        return this.sum(this.combinationOf(a), negate(this.combinationOf(b)));
      case 'mul': {
        const [moved, factor] = this.moving.has(a) ? [a, b] : [b, a];
        return this.spreadSum(moved, factor) ?? this.multiple(this.combinationOf(moved), factor);
      }
      case 'div':
        return this.multiple(this.combinationOf(a), div(g, g.scalar(1), b));
    }
  }

  /** Elements of t·p as the elements of t times those of p, which are fewer: a pooled image after its activation. */
  private selected({ inputs }: Value): Combination | null {
    const { g } = this;
    const [source, indices] = inputs;
    if (source === undefined || indices === undefined || this.moving.has(indices)) return null;
    const inner = throughReshape(source);
    const { factor, terms } = this.combinationOf(inner);
    const [term] = terms;
    if (factor !== null || terms.length !== 1 || !this.isReadOnce(source)) return null;
    if (term === undefined || term.factor === null || !sameDims(term.factor.dims, inner.dims)) return null;
    const elements = (whole: Value): Value =>
      gatherElements(g, reshape(g, whole, source.dims), this.value(indices));
    return { factor: null, terms: [{ ...term, moved: elements(term.moved), factor: elements(term.factor) }] };
  }

  /** Elements that go back to where a pooling took them from, where a mask can say so; viewed with the given dimensions. */
  private unpooled({ operation, inputs }: Value, dims: readonly number[]): Combination | null {
    const { g } = this;
    const [elements, indices] = inputs;
    if (operation.kind !== 'scatterElements' || elements === undefined || indices === undefined) return null;
    if (this.moving.has(indices)) return null;
    const masked = repeatedOverWindows(g, this.value(elements), this.value(indices), operation);
    if (masked === null) return null;
    const [moved, factor] = [reshape(g, masked.repeated, dims), reshape(g, masked.mask, dims)];
    return { factor: null, terms: [{ moved, sign: 1, factor }] };
  }

  /** The same the other way: elements that are spread over zeros and multiplied are multiplied before. */
  private spreadSum(moved: Value, factor: Value): Combination | null {
    const { g } = this;
    const { operation, inputs, dims } = throughReshape(moved);
    const [elements, indices] = inputs;
    if (operation.kind !== 'scatterElements' || elements === undefined || indices === undefined) return null;
    if (this.moving.has(indices) || !this.isReadOnce(moved) || !sameDims(factor.dims, moved.dims))
      return null;
    const unpooled = this.unpooled(throughReshape(moved), moved.dims);
    if (unpooled !== null) return this.multiple(unpooled, factor);
    const places = this.value(indices);
    const own = gatherElements(g, reshape(g, factor, dims), places);
    const products = this.write(this.multiple(this.combinationOf(elements), own));
    const { columns, disjoint } = operation;
    return alone(reshape(g, scatterElements(g, products, places, columns, disjoint), moved.dims));
  }

  /** An operation that is not gathered, on its inputs as they have become. */
  private rebuilt(value: Value): Value {
    const { g } = this;
    const { operation, inputs, dims, type } = value;
    if (inputs.length === 0) return value;
    const own = inputs.map((input) => this.value(input));
    const [a, b] = own;
    if (operation.kind === 'matmul') {
      const [left, right] = inputs.map((input) => this.standing(input));
      return orient(g, operation, own, dims, { left: left ?? 'weights', right: right ?? 'weights' });
    }
    if (operation.kind !== 'binary' || a === undefined || b === undefined)
      return g.make(operation, own, dims, type);
    if (operation.function === 'add') {
      const [first, second] = inputs;
      if (this.isReadOnce(first) && isRow(b, dims)) return withBias(g, a, b);
      if (this.isReadOnce(second) && isRow(a, dims)) return withBias(g, b, a);
    }
    return { add, sub, mul, div }[operation.function](g, a, b);
  }

  /** Whether a value, and what it is a view or a sum of, is needed for nothing else. */
  private isReadOnce(value: Value | undefined): boolean {
    if (value === undefined) return false;
    const reads = (this.gathered.get(value) ?? 0) + (this.other.get(value) ?? 0);
    const { operation, inputs } = value;
    const isView =
      operation.kind === 'reshape' || (operation.kind === 'binary' && operation.function === 'add');
    return reads === 1 && (!isView || inputs.every((input) => this.isReadOnce(input)));
  }

  private standing(value: Value): Standing {
    if (!this.ofBatch.has(value)) return 'weights';
    return this.moving.has(value) ? 'moving' : 'kept';
  }

  /** What is computed anyway, or would be computed for each of several readers, is one moving value from here on. */
  private settle(value: Value, combination: Combination): Combination {
    const { factor, terms } = combination;
    const gathered = this.gathered.get(value) ?? 0;
    if (gathered === 0) return combination;
    if ((this.other.get(value) ?? 0) > 0) return alone(this.write(combination));
    return terms.length > 1 && gathered > 1 ? this.asOneTerm(combination) : { factor, terms };
  }

  private combinationOf(value: Value): Combination {
    return this.combinations.get(value) ?? alone(value);
  }

  private value(value: Value): Value {
    const known = this.made.get(value);
    if (known !== undefined) return known;
    const combination = this.combinations.get(value);
    const made = combination === undefined ? value : this.write(combination);
    this.made.set(value, made);
    return made;
  }

  private multiple({ factor, terms }: Combination, by: Value): Combination {
    const [only] = terms;
    if (terms.length === 1 && only !== undefined) {
      return {
        factor: null,
        terms: [{ ...only, factor: this.product(this.product(only.factor, factor), by) }],
      };
    }
    return { factor: this.product(factor, by), terms };
  }

  private product(a: Value | null, b: Value | null): Value | null {
    if (a === null) return b;
    return b === null ? a : mul(this.g, a, b);
  }

  private sum(a: Combination, b: Combination): Combination {
    const shared = a.terms.some(({ moved }) => b.terms.some((term) => term.moved === moved));
    const [left, right] = [a, b].map((each) => (shared ? this.distributed(each) : this.asTerms(each)));
    const terms = new Map<Value, Term>();
    for (const term of [...(left ?? []), ...(right ?? [])]) {
      const known = terms.get(term.moved);
      terms.set(term.moved, known === undefined ? term : this.gatheredTerm(known, term));
    }
    return { factor: null, terms: [...terms.values()] };
  }

  private gatheredTerm(a: Term, b: Term): Term {
    const { g } = this;
    const one = g.scalar(1);
    const [p, q] = [a.factor ?? one, b.factor ?? one];
    return { moved: a.moved, sign: a.sign, factor: a.sign === b.sign ? add(g, p, q) : sub(g, p, q) };
  }

  private distributed({ factor, terms }: Combination): readonly Term[] {
    return terms.map((term) => ({ ...term, factor: this.product(term.factor, factor) }));
  }

  /** Without its factor a sum stays what it is; with it, it becomes one term. */
  private asTerms(combination: Combination): readonly Term[] {
    return combination.factor === null ? combination.terms : this.asOneTerm(combination).terms;
  }

  private asOneTerm({ factor, terms }: Combination): Combination {
    const moved = this.write({ factor: null, terms });
    return { factor: null, terms: [{ moved, sign: 1, factor }] };
  }

  private write({ factor, terms }: Combination): Value {
    const { g } = this;
    const bare = terms.filter((term) => term.factor === null).length;
    // One multiplication for every term, or one more for the sum: as many as there are terms without a factor.
    const inside = factor !== null && (bare === 0 || terms.length === 1);
    const own = inside ? this.distributed({ factor, terms }) : terms;
    const byFactor = new Map<Value | null, Term[]>();
    for (const term of own) byFactor.set(term.factor, [...(byFactor.get(term.factor) ?? []), term]);
    const parts = [...byFactor].map(([common, alike]): Term => {
      const { moved, sign } = signedSum(g, alike);
      return { moved: common === null ? moved : mul(g, moved, common), sign, factor: null };
    });
    const { moved, sign } = signedSum(g, parts);
    const signed = sign === 1 ? moved : neg(g, moved);
    return inside || factor === null ? signed : mul(g, signed, factor);
  }
}

/** The sum of terms without their factors; negative only where all of them are. */
function signedSum(g: StaticGraph, terms: readonly Term[]): Omit<Term, 'factor'> {
  const [first, ...rest] = terms.toSorted((a, b) => b.sign - a.sign);
  if (first === undefined) throw new RangeError('A combination without terms');
  const moved = rest.reduce(
    (sum, term) => (term.sign === first.sign ? add(g, sum, term.moved) : sub(g, sum, term.moved)),
    first.moved,
  );
  return { moved, sign: first.sign };
}

function throughReshape(value: Value): Value {
  const [inner] = value.inputs;
  return value.operation.kind === 'reshape' && inner !== undefined ? inner : value;
}

function alone(moved: Value): Combination {
  return { factor: null, terms: [{ moved, sign: 1, factor: null }] };
}

function negate({ factor, terms }: Combination): Combination {
  return { factor, terms: terms.map((term) => ({ ...term, sign: term.sign === 1 ? -1 : 1 })) };
}
