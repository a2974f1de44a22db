import type {
  Attribute,
  Dimension,
  ElementType,
  Graph,
  GraphNode,
  Tensor,
  TensorSpec,
} from '../../graph/graph';

/** Attributes as they are written by hand: whole numbers unless said otherwise. */
export type BuiltAttributes = Readonly<
  Record<
    string,
    number | string | readonly number[] | readonly string[] | { readonly float: number } | undefined
  >
>;

/** ONNX's operator set of built graphs: the oldest with Gelu. */
const opset = 20;

/** Builds a Graph, operator by operator, for files that hold no ONNX. Names are made unique; a parameter keeps its own. */
export class GraphBuilder {
  private readonly nodes: GraphNode[] = [];
  private readonly initialisers = new Map<string, Tensor>();
  private readonly inputs: TensorSpec[] = [];
  private readonly used = new Set<string>();

  /** A graph input, the samples along its first dimension. */
  input(name: string, type: ElementType, dims: readonly Dimension[]): string {
    const own = this.freshName(name);
    this.inputs.push({ name: own, type, dims });
    return own;
  }

  /** A tensor of the file under the file's name for it. @throws Error where the name is taken */
  parameter(name: string, tensor: Tensor): string {
    if (this.used.has(name)) throw new Error(`The name ${name} is taken`);
    this.used.add(name);
    this.initialisers.set(name, tensor);
    return name;
  }

  /** Numbers that the graph needs, which are no tensor of the file. */
  constant(name: string, tensor: Omit<Tensor, 'isConstantNode'>): string {
    return this.parameter(this.unusedName(name), { ...tensor, isConstantNode: true });
  }

  /** A list of whole numbers as a constant, such as a shape. */
  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant('integers', { type: 'int64', dims: [values.length], data });
  }

  /**
   * Adds a node with one output.
   * @param scope the layer that it is of, as the file calls it; the node's name begins with it
   * @returns the output's name
   */
  add(
    operator: string,
    inputs: readonly string[],
    attributes: BuiltAttributes = {},
    scope = '',
    domain = '',
  ): string {
    return this.addNode(operator, inputs, 1, attributes, scope, domain)[0] ?? '';
  }

  /** Adds a node of several outputs, and returns their names. */
  addNode(
    operator: string,
    inputs: readonly string[],
    outputs: number,
    attributes: BuiltAttributes = {},
    scope = '',
    domain = '',
  ): readonly string[] {
    const name = this.freshName(scope === '' ? operator : `/${scope}/${operator}`);
    const names = Array.from({ length: outputs }, (_, at) =>
      this.freshName(outputs === 1 ? `${name}_output` : `${name}_output_${String(at)}`),
    );
    const written = Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, attributeOf(value)] as const],
    );
    this.nodes.push({ name, operator, domain, inputs, outputs: names, attributes: new Map(written) });
    return names;
  }

  /** The graph; its outputs get the names that are given. */
  finish(
    outputs: readonly {
      readonly name: string;
      readonly value: string;
      readonly type: ElementType;
      readonly dims: readonly Dimension[] | null;
    }[],
  ): Graph {
    const declared = outputs.map(({ name, value, type, dims }) => {
      const own = this.freshName(name);
      this.nodes.push({
        name: this.freshName(`${own}/Identity`),
        operator: 'Identity',
        domain: '',
        inputs: [value],
        outputs: [own],
        attributes: new Map(),
      });
      return { name: own, type, dims };
    });
    return {
      nodes: this.nodes,
      initialisers: this.initialisers,
      inputs: this.inputs,
      outputs: declared,
      opsets: new Map([
        ['', opset],
        ['com.microsoft', 1],
        ['ai.onnx.ml', 3],
      ]),
    };
  }

  private freshName(wish: string): string {
    const name = this.unusedName(wish);
    this.used.add(name);
    return name;
  }

  private unusedName(wish: string): string {
    let name = wish;
    for (let count = 1; this.used.has(name); count += 1) name = `${wish}_${String(count)}`;
    return name;
  }
}

function attributeOf(value: Exclude<BuiltAttributes[string], undefined>): Attribute {
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if ('float' in value) return { kind: 'float', value: value.float };
  return value.every((each) => typeof each === 'string')
    ? { kind: 'strings', value }
    : { kind: 'ints', value: value.map(Number) };
}
