import { binary, compare, convert, logical, power, select, unary } from '../graph/static/elementwise';
import { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { elementwise } from './elements';

/** Functions of one variable that a graph computes place by place, as expressions of single numbers. */
export class Expressions {
  readonly graph = new StaticGraph();
  readonly variable: Value = this.graph.input('z', [], 'real');

  /** What a value makes of operands that are expressions. */
  applied(value: Value, operands: readonly Value[]): Value {
    const g = this.graph;
    const { operation } = value;
    const [a, b, c] = operands as readonly [Value, Value, Value];
    return g.under(value.origin, () => {
      switch (operation.kind) {
        case 'unary':
          return unary(g, operation.function, a);
        case 'power':
          return power(g, a, operation.exponent);
        case 'binary':
          return binary(g, operation.function, a, b);
        case 'compare':
          return compare(g, operation.relation, a, b);
        case 'logical':
          return logical(g, operation.function, operands);
        case 'convert':
          return convert(g, a, value.type);
        case 'select':
          return select(g, a, b, c);
        default:
          throw new RangeError(`${operation.kind} is not elementwise`);
      }
    });
  }

  /**
   * A fixed value as the one number that it holds everywhere; null where it holds several.
   * @param operands the same of its inputs
   */
  number({ operation, ...value }: Value, operands: readonly (Value | null)[]): Value | null {
    if (operation.kind === 'constant') {
      const [first] = operation.data;
      const isUniform =
        first !== undefined && !operation.data.some((each: number | bigint) => each !== first);
      return isUniform ? this.graph.constant(operation.data.slice(0, 1), []) : null;
    }
    const [only] = operands;
    const known = operands.flatMap((operand) => operand ?? []);
    if (only === undefined || known.length < operands.length) return null;
    if (elementwise.has(operation.kind)) return this.applied({ operation, ...value }, known);
    return operation.kind === 'expand' || operation.kind === 'reshape' ? only : null;
  }
}
