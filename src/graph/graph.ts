/** The Graph: ONNX's operators as the vocabulary, whatever the file was. Everything above `formats` works on this. */

export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'other';

/** The numbers of a tensor in row-major order; float16 and bfloat16 are widened (exactly) to Float32Array. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface Tensor {
  /** The type in the file. */
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
  /** Whether it stands in the graph as a Constant node, as what an exporter makes up by itself does. */
  readonly isConstantNode?: true;
}

/** A tensor's data as float64, row-major. */
export function numbersOf({ data }: Pick<Tensor, 'data'>): Float64Array {
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  /** A subgraph, a sparse tensor, a type: kept as a name only, to be refused by whoever meets it. */
  | { readonly kind: 'unsupported'; readonly value: string };

export interface GraphNode {
  /** Unique in the graph: the file's name, or one made from the operator and position where the file has none. */
  readonly name: string;
  readonly operator: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  /** Tensor names; '' for an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A dimension: a size, a symbol, or null where the file says nothing. */
export type Dimension = number | string | null;

export interface TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  /** null: rank unknown. */
  readonly dims: readonly Dimension[] | null;
}

export interface Graph {
  /** Topologically sorted. Constant nodes are turned into initialisers by the readers. */
  readonly nodes: readonly GraphNode[];
  readonly initialisers: ReadonlyMap<string, Tensor>;
  /** Without those that are initialisers too. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Operator set version by domain ('' for ONNX's own). */
  readonly opsets: ReadonlyMap<string, number>;
}
