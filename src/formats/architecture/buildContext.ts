import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import type { ElementType } from '../../graph/graph';
import { GraphBuilder } from '../built/graphBuilder';
import { countOf, floatsOf, isFloat, type Weights, type WeightTensor } from '../weights/weights';

/** A tensor on its way through the layers. */
export interface Flow {
  /** In the graph. */
  readonly name: string;
  /** Of one sample; null: not known before the samples are. */
  readonly dims: readonly (number | null)[];
}

/** What the layers of an architecture are built with. Shapes are checked at once, numbers are read when all of them fit. */
export class BuildContext {
  readonly graph = new GraphBuilder();
  readonly type: Extract<ElementType, 'float32' | 'float64'>;
  readonly trained = new Set<string>();
  readonly frozen = new Set<string>();
  /** The row of padding of a table, by its name in the graph. */
  readonly paddingRows = new Map<string, number>();
  private readonly used = new Set<string>();
  /** Names by place. */
  private readonly parameters = new Map<string, string>();
  private readonly fills: (() => Promise<void>)[] = [];
  private readonly constants = new Map<string, string>();
  /** The layer that is built, as sentences name it. */
  layer = '';
  /** Whether somebody left sizes of a sample open, which the samples then decide. */
  isOpen = false;
  /** The graph's input, where the samples are rows of a table; else ''. */
  indices = '';

  /** @param file for sentences */
  constructor(
    readonly file: string,
    readonly weights: Weights,
  ) {
    this.graph.reserve(weights.keys());
    this.type = [...weights.values()].some(({ type }) => type === 'float64') ? 'float64' : 'float32';
  }

  has(name: string): boolean {
    return this.weights.has(name);
  }

  /** A float tensor of the file. @throws FailureError where there is none, or where it does not have so many dimensions */
  tensor(name: string, rank: number | null = null): WeightTensor {
    const found = this.weights.get(name);
    if (found === undefined) {
      const near = [...this.weights.keys()].slice(0, 12).map(quote).join(', ');
      const more = this.weights.size > 12 ? `, and ${String(this.weights.size - 12)} others` : '';
      throw this.misfit(`wants ${quote(name)}, which is not in the file (it has ${near}${more})`);
    }
    if (!isFloat(found.type)) throw this.misfit(`wants ${quote(name)}, which holds ${found.type}`);
    if (rank !== null && found.dims.length !== rank)
      throw this.misfit(
        `wants ${quote(name)} with ${String(rank)} dimensions, but its shape is ${shapeText(found.dims)}`,
      );
    return found;
  }

  /** The tensor as a parameter, by the name under which it was used first. @returns its name in the graph */
  parameter(name: string): string {
    const tensor = this.tensor(name);
    const known = this.parameters.get(tensor.place);
    if (known !== undefined) return known;
    this.used.add(tensor.place);
    this.parameters.set(tensor.place, name);
    (tensor.requiresGrad === false ? this.frozen : this.trained).add(name);
    return this.graph.parameter(name, this.filled(tensor));
  }

  /** The tensor as numbers that are no parameter, such as a running mean. */
  buffer(name: string): string {
    const tensor = this.tensor(name);
    this.used.add(tensor.place);
    return this.graph.constant(name, this.filled(tensor));
  }

  /** One number, in the graph's type. */
  number(value: number): string {
    const known = this.constants.get(String(value));
    if (known !== undefined) return known;
    const made = this.floats('number', [], [value]);
    this.constants.set(String(value), made);
    return made;
  }

  /** Numbers in the graph's type. */
  floats(name: string, dims: readonly number[], values: Iterable<number>): string {
    const data = this.type === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
    return this.graph.constant(name, { type: this.type, dims, data });
  }

  /** Tensors of the file that no layer uses: not those that only count batches, and not a second name of one that is used. */
  unused(): readonly string[] {
    return [...this.weights]
      .filter(([name, { place }]) => !this.used.has(place) && !name.endsWith('num_batches_tracked'))
      .map(([name]) => name);
  }

  /** Reads the numbers of all that is used. */
  async fill(): Promise<void> {
    for (const fill of this.fills) await fill();
  }

  /** @param what what is wrong with the layer, as the rest of a sentence */
  misfit(what: string): FailureError {
    return architectureFailure(this.file, `${this.layer} ${what}`);
  }

  private filled(tensor: WeightTensor): {
    readonly type: Extract<ElementType, 'float32' | 'float64'>;
    readonly dims: readonly number[];
    readonly data: Float32Array | Float64Array;
  } {
    const count = countOf(tensor.dims);
    const data = this.type === 'float64' ? new Float64Array(count) : new Float32Array(count);
    this.fills.push(async () => {
      data.set(await floatsOf(tensor, this.type));
    });
    return { type: this.type, dims: tensor.dims, data };
  }
}

/** An architecture that cannot be used with a file. @param what as the rest of a sentence */
export function architectureFailure(file: string, what: string): FailureError {
  return new FailureError(
    'UsageError',
    `The architecture does not fit ${quote(file)}: ${what}; correct it and try again.`,
  );
}

/** A shape in a sentence; sizes that are not known are question marks. */
export function shapeText(dims: readonly (number | null)[]): string {
  return `[${dims.map((size) => (size === null ? '?' : String(size))).join(', ')}]`;
}
