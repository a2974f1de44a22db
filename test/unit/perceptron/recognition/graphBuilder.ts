import type {
  Attribute,
  Dimension,
  ElementType,
  Graph,
  GraphNode,
  Tensor,
  TensorSpec,
} from '../../../../src/graph/graph';

type Attributes = Readonly<
  Record<string, number | string | readonly number[] | readonly string[] | Attribute>
>;

/** Whole numbers are 'int' attributes unless the name is one that ONNX declares as a float. */
const floatNames = new Set(['alpha', 'beta', 'gamma', 'epsilon', 'min', 'max']);
const floatListNames = new Set(['coefficients', 'intercepts', 'offset', 'scale']);

function attributeOf(name: string, value: Attributes[string]): Attribute {
  if (typeof value === 'number') return { kind: floatNames.has(name) ? 'float' : 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if (!Array.isArray(value)) return value as Attribute;
  if (value.some((item) => typeof item === 'string')) return { kind: 'strings', value: value as string[] };
  return { kind: floatListNames.has(name) ? 'floats' : 'ints', value: value as number[] };
}

/** Writes a Graph down as an exporter would, node after node. */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #initialisers = new Map<string, Tensor>();
  readonly #inputs: TensorSpec[] = [];
  #count = 0;

  input(name: string, dims: readonly Dimension[] | null, type: ElementType = 'float32'): string {
    this.#inputs.push({ name, dims, type });
    return name;
  }

  /** A float32 initialiser. */
  weight(name: string, dims: readonly number[], values: readonly number[]): string {
    return this.tensor(name, { type: 'float32', dims, data: Float32Array.from(values) });
  }

  tensor(name: string, tensor: Tensor): string {
    this.#initialisers.set(name, tensor);
    return name;
  }

  /** A float32 constant without a name of its own. */
  number(value: number, dims: readonly number[] = []): string {
    this.#count += 1;
    return this.weight(`constant_${String(this.#count)}`, dims, [value]);
  }

  /** An int64 constant: a shape, axes. */
  integers(...values: readonly number[]): string {
    return this.#integers([values.length], values);
  }

  /** An int64 scalar. */
  integer(value: number): string {
    return this.#integers([], [value]);
  }

  #integers(dims: readonly number[], values: readonly number[]): string {
    this.#count += 1;
    const data = BigInt64Array.from(values, BigInt);
    return this.tensor(`constant_${String(this.#count)}`, { type: 'int64', dims, data });
  }

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    return this.nodes(operator, inputs, 1, attributes, name)[0] ?? '';
  }

  nodes(
    operator: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Attributes = {},
    name?: string,
  ): readonly string[] {
    this.#count += 1;
    const made = Array.from({ length: outputs }, (_, i) => `t${String(this.#count)}_${String(i)}`);
    const [domain, own] = operator.includes(':') ? operator.split(':') : ['', operator];
    this.#nodes.push({
      name: name ?? `${own ?? ''}_${String(this.#count)}`,
      operator: own ?? '',
      domain: domain ?? '',
      inputs,
      outputs: made,
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attributeOf(key, value)])),
    });
    return made;
  }

  graph(outputs: readonly (string | TensorSpec)[], opset = 17): Graph {
    return {
      nodes: this.#nodes,
      initialisers: this.#initialisers,
      inputs: this.#inputs,
      outputs: outputs.map((output) =>
        typeof output === 'string' ? { name: output, type: 'float32', dims: null } : output,
      ),
      opsets: new Map([
        ['', opset],
        ['ai.onnx.ml', 3],
      ]),
    };
  }
}
