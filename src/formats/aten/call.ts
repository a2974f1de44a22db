import type { ElementType, Tensor, TensorData } from '../../graph/graph';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { quote } from '../../files/quote';
import type { BuiltAttributes, GraphBuilder } from '../built/graphBuilder';
import {
  damagedProgram,
  list,
  nameOf,
  record,
  scalarType,
  type Argument,
  type Json,
  type Program,
  type ProgramNode,
  type TensorMeta,
} from './program';

/** What a translated program holds so far. */
export interface Translation {
  readonly file: string;
  readonly program: Program;
  readonly builder: GraphBuilder;
  /** Names in the built graph by the program's: tensors, and symbols as one whole number on one axis. */
  readonly values: Map<string, string>;
  /** The program's names of what depends on a trained parameter. */
  readonly learned: Set<string>;
  /** The row of padding of a table, by its name in the built graph. */
  readonly paddingRows: Map<string, number>;
  /** The file's tensors by its names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Larger numbers mean "to the end"; JSON has rounded them. */
const farthest = 2 ** 31 - 1;

/** One operator of a program with its arguments, and the graph that it is written into. */
export class Call {
  readonly builder: GraphBuilder;

  constructor(
    private readonly of: Translation,
    private readonly node: ProgramNode,
  ) {
    this.builder = of.builder;
  }

  /** What the program says of a result. */
  result(at = 0): TensorMeta {
    return this.metaOf(this.node.outputs[at] ?? '');
  }

  get resultCount(): number {
    return this.node.outputs.length;
  }

  /** The module that the operator is of. */
  get scope(): string {
    return this.node.scope;
  }

  /** Adds a node of one output within the module that the operator is of. */
  add(operator: string, inputs: readonly string[], attributes: BuiltAttributes = {}): string {
    return this.builder.add(operator, inputs, attributes, this.node.scope);
  }

  addNode(
    operator: string,
    inputs: readonly string[],
    outputs: number,
    attributes: BuiltAttributes = {},
  ): readonly string[] {
    return this.builder.addNode(operator, inputs, outputs, attributes, this.node.scope);
  }

  has(name: string): boolean {
    const argument = this.node.inputs.get(name);
    return argument !== undefined && argument['as_none'] === undefined;
  }

  /** A tensor among the arguments, in the built graph. */
  tensor(name = 'self'): string {
    return this.valueOf(this.tensorName(name));
  }

  meta(name = 'self'): TensorMeta {
    return this.metaOf(this.tensorName(name));
  }

  /** Whether an argument is a tensor. */
  isTensor(name: string): boolean {
    return nameOf(this.node.inputs.get(name)?.['as_tensor']) !== null;
  }

  tensors(name: string): readonly string[] {
    return list(this.argument(name)['as_tensors']).map((each) => this.valueOf(nameOf(each) ?? ''));
  }

  metas(name: string): readonly TensorMeta[] {
    return list(this.argument(name)['as_tensors']).map((each) => this.metaOf(nameOf(each) ?? ''));
  }

  /** A number among the arguments. @param otherwise where it is left out */
  number(name: string, otherwise?: number): number {
    const argument = this.node.inputs.get(name);
    const { as_int: whole, as_float: real, as_bool: flag } = argument ?? {};
    const value = whole ?? (flag === undefined ? real : Number(flag));
    // JSON has no infinity.
    const found = typeof value === 'string' ? Number(value) : value;
    if (typeof found === 'number') return found;
    if (otherwise !== undefined && !this.isSymbol(name)) return otherwise;
    throw this.unsupported(`a ${name} that is no plain number`);
  }

  numbers(name: string, otherwise?: readonly number[]): readonly number[] {
    const argument = this.node.inputs.get(name);
    const all = argument?.['as_ints'] ?? argument?.['as_floats'];
    if (Array.isArray(all) && all.every((each) => typeof each === 'number')) return all;
    if (typeof argument?.['as_int'] === 'number') return [argument['as_int']];
    if (otherwise !== undefined && argument?.['as_sym_ints'] === undefined) return otherwise;
    throw this.unsupported(`a ${name} that is no list of plain numbers`);
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.node.inputs.get(name)?.['as_bool'];
    return typeof value === 'boolean' ? value : otherwise;
  }

  text(name: string, otherwise: string): string {
    const value = this.node.inputs.get(name)?.['as_string'];
    return typeof value === 'string' ? value : otherwise;
  }

  /** An element type that is asked for. */
  typed(name: string): ElementType | null {
    return scalarType(this.node.inputs.get(name)?.['as_scalar_type']) ?? null;
  }

  /** An axis counted from the front. */
  axis(name: string, rank: number, otherwise?: number): number {
    const axis = this.number(name, otherwise);
    return axis < 0 ? axis + rank : axis;
  }

  /** A whole number for Slice and the like: one that the program computes, or a plain one. */
  index(name: string, otherwise: number): string {
    const argument = this.node.inputs.get(name);
    const symbol = symbolOf(argument?.['as_sym_int']);
    if (symbol !== null) return this.valueOf(symbol);
    const value = argument?.['as_int'];
    const clamped = typeof value === 'number' ? Math.max(-farthest, Math.min(farthest, value)) : otherwise;
    return this.builder.integers([clamped]);
  }

  /** Whether an index is left out or 0. */
  starts(name: string): boolean {
    return !this.has(name) || this.node.inputs.get(name)?.['as_int'] === 0;
  }

  /** Whether an index is left out or at the end of so many, or beyond. */
  reaches(name: string, count: number): boolean {
    const value = this.node.inputs.get(name)?.['as_int'];
    return !this.has(name) || (typeof value === 'number' && value >= count);
  }

  /** The tensors of a list in which some may be missing, with their places. */
  optionalTensors(
    name: string,
  ): readonly { readonly at: number; readonly value: string; readonly type: ElementType }[] {
    const argument = this.argument(name);
    return list(argument['as_optional_tensors'] ?? argument['as_tensors']).flatMap((each, at) => {
      const own = nameOf(record(each)['as_tensor'] ?? each);
      return own === null ? [] : [{ at, value: this.valueOf(own), type: this.metaOf(own).type }];
    });
  }

  /** Whether a tensor depends on a parameter that is trained. */
  isLearned(name = 'self'): boolean {
    return this.of.learned.has(this.tensorName(name));
  }

  /** The numbers of an argument that is a tensor of the file. */
  fileTensor(name: string): Tensor {
    const arg = this.tensorName(name);
    const input = this.of.program.inputs.find((each) => each.arg === arg);
    const held = input === undefined ? undefined : this.of.tensors.get(input.name);
    if (held === undefined) throw this.unsupported(`a ${name} that is no tensor of the file`);
    return held;
  }

  /** Says which row of a table of the file stands for no token. */
  pad(name: string, row: number): void {
    this.fileTensor(name);
    this.of.paddingRows.set(this.tensor(name), row);
  }

  /** The states that a recurrent layer begins with. @param isPair of LSTM two, else one by itself */
  stateInputs(isPair: boolean): readonly string[] {
    return isPair ? this.tensors('hx') : [this.tensor('hx')];
  }

  /** Sizes as a tensor of whole numbers; where one is a symbol, they are put together. */
  sizes(name: string, change: (size: number) => number = (size) => size): string {
    const argument = this.argument(name);
    const symbols = argument['as_sym_ints'];
    if (symbols === undefined) return this.builder.integers(this.numbers(name).map(change));
    const parts = list(symbols).map((each) => {
      const symbol = symbolOf(each);
      const { as_int: whole } = record(each);
      if (symbol !== null) return this.valueOf(symbol);
      if (typeof whole !== 'number') throw this.unsupported(`a ${name} that is no list of whole numbers`);
      return this.builder.integers([change(whole)]);
    });
    return this.builder.add('Concat', parts, { axis: 0 });
  }

  /** A whole number that the program computes, on one axis. */
  symbol(name: string): string {
    return this.index(name, NaN);
  }

  /** An argument as a tensor of a type: a tensor, cast where it is of another, or a number. */
  operand(name: string, type: ElementType): string {
    if (!this.isTensor(name)) return this.scalar(this.number(name), type);
    return this.cast(this.tensor(name), this.meta(name).type, type);
  }

  cast(value: string, from: ElementType, to: ElementType): string {
    return from === to ? value : this.add('Cast', [value], { to: onnxTypes[to] ?? 0 });
  }

  /** A number; one that float32 does not hold keeps its digits, since products may be computed in float64. */
  scalar(value: number, type: ElementType): string {
    if (type !== 'float32' || Object.is(Math.fround(value), value))
      return this.constant('scalar', [], [value], type);
    return this.cast(this.constant('scalar', [], [value], 'float64'), 'float64', type);
  }

  /** Numbers that no tensor of the file holds. */
  constant(name: string, dims: readonly number[], values: readonly number[], type: ElementType): string {
    return this.builder.constant(name, { type, dims, data: dataOf(values, type) });
  }

  /** The error for an argument that the operator is not read with. */
  unsupported(what: string): FailureError {
    return new FailureError(
      'UnsupportedOperator',
      `${quote(this.of.file)} calls ${printable(this.node.target)} with ${what}, which is not read here${this.place}; export the model to ONNX and analyse that file.`,
    );
  }

  /** The error for a model that was exported to be trained on. */
  training(): FailureError {
    return new FailureError(
      'UnsupportedStructure',
      `${quote(this.of.file)} was exported in training mode (${printable(this.node.target)}${this.place}); export it after model.eval().`,
    );
  }

  private get place(): string {
    return this.node.scope === '' ? '' : ` (in "${printable(this.node.scope)}")`;
  }

  private isSymbol(name: string): boolean {
    return symbolOf(this.node.inputs.get(name)?.['as_sym_int']) !== null;
  }

  private tensorName(name: string): string {
    return nameOf(this.argument(name)['as_tensor']) ?? '';
  }

  private argument(name: string): Argument {
    const found = this.node.inputs.get(name);
    if (found === undefined)
      throw damagedProgram(this.of.file, `${printable(this.node.target)} lacks ${name}`);
    return found;
  }

  private valueOf(name: string): string {
    const value = this.of.values.get(name);
    if (value === undefined)
      throw damagedProgram(
        this.of.file,
        `${printable(this.node.target)} takes ${quote(name)}, which nothing before it makes`,
      );
    return value;
  }

  private metaOf(name: string): TensorMeta {
    const meta = this.of.program.metas.get(name);
    if (meta === undefined)
      throw damagedProgram(this.of.file, `nothing is said of the tensor ${quote(name)}`);
    return meta;
  }
}

/** The values of TensorProto.DataType. */
const onnxTypes: Readonly<Partial<Record<ElementType, number>>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

function dataOf(values: readonly number[], type: ElementType): TensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(values);
    case 'int64':
      return BigInt64Array.from(values, (value) => BigInt(Math.trunc(value)));
    case 'int32':
      return Int32Array.from(values);
    case 'bool':
    case 'uint8':
      return Uint8Array.from(values);
    default:
      return Float64Array.from(values);
  }
}

function symbolOf(json: Json | undefined): string | null {
  const { as_name: name } = record(json);
  return typeof name === 'string' ? name : null;
}
