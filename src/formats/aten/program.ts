import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import type { ElementType } from '../../graph/graph';

/** A value of a JSON document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An argument of a call as torch.export writes it: one field that tells its kind, as in {"as_int": 3}. */
export type Argument = Readonly<Record<string, Json>>;

/** One call of an operator. */
export interface ProgramNode {
  /** torch.ops.aten.linear.default, _operator.mul. */
  readonly target: string;
  readonly inputs: ReadonlyMap<string, Argument>;
  /** What it gives: of an operator with a list of tensors all of them. */
  readonly outputs: readonly string[];
  /** The path of the module that it is of. */
  readonly scope: string;
}

/** What the program says of a tensor. */
export interface TensorMeta {
  readonly type: ElementType;
  /** null: a symbol. */
  readonly dims: readonly (number | null)[];
  readonly requiresGrad: boolean;
}

/** A tensor that goes into the graph: a parameter or a constant of the file by its name there, or the samples. */
export interface ProgramInput {
  readonly kind: 'parameter' | 'constant' | 'samples';
  readonly arg: string;
  readonly name: string;
}

/** A program of torch.export, checked as far as it is used. */
export interface Program {
  readonly nodes: readonly ProgramNode[];
  readonly metas: ReadonlyMap<string, TensorMeta>;
  readonly inputs: readonly ProgramInput[];
  /** Names of the tensors that a user gets. */
  readonly outputs: readonly string[];
  readonly version: string | null;
}

/** torch/_export/serde/schema.py, ScalarType; half precision is widened. */
const scalarTypes: Readonly<Record<number, ElementType>> = {
  1: 'uint8',
  2: 'int32',
  3: 'int32',
  4: 'int32',
  5: 'int64',
  6: 'float32',
  7: 'float32',
  8: 'float64',
  12: 'bool',
  13: 'float32',
};

/** The element type of a number of ScalarType, or undefined for those that are not read. */
export function scalarType(code: Json | undefined): ElementType | undefined {
  return typeof code === 'number' ? scalarTypes[code] : undefined;
}

/**
 * Reads the JSON of a program (schemas 5 to 8 and after, as far as their fields are the same).
 * @throws FailureError DamagedModel, UnsupportedFormat
 */
export function parseProgram(file: string, text: string): Program {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw damagedProgram(file, 'its program is no JSON', error instanceof Error ? error.message : '');
  }
  const whole = record(json);
  const module = record(whole['graph_module']);
  const graph = record(module['graph']);
  const signature = record(module['signature']);
  if (list(graph['nodes']).length === 0) throw damagedProgram(file, 'its program has no operators');
  const metas = new Map(
    Object.entries(record(graph['tensor_values'])).map(([name, meta]) => [name, metaOf(file, name, meta)]),
  );
  const outputs = list(signature['output_specs']).flatMap((spec) => {
    const name = nameOf(record(record(record(spec)['user_output'])['arg'])['as_tensor']);
    return name === null ? [] : [name];
  });
  const version = whole['torch_version'];
  return {
    nodes: list(graph['nodes']).map((node) => nodeOf(file, node)),
    metas,
    inputs: list(signature['input_specs']).flatMap((spec) => inputOf(record(spec))),
    outputs,
    version: typeof version === 'string' ? version : null,
  };
}

function nodeOf(file: string, json: Json): ProgramNode {
  const node = record(json);
  const { target } = node;
  if (typeof target !== 'string') throw damagedProgram(file, 'one of its operators has no name');
  const inputs = new Map(
    list(node['inputs']).map((input) => {
      const { name, arg } = record(input);
      return [typeof name === 'string' ? name : '', record(arg)] as const;
    }),
  );
  const outputs = list(node['outputs']).flatMap((json) => {
    const output = record(json);
    const several = list(output['as_tensors']);
    if (several.length > 0) return several.map((each) => nameOf(each) ?? '');
    const symbol = record(output['as_sym_int'] ?? output['as_sym_bool'] ?? output['as_sym_float'])['as_name'];
    return [nameOf(output['as_tensor']) ?? (typeof symbol === 'string' ? symbol : '')];
  });
  const stack = record(node['metadata'])['nn_module_stack'];
  const [, scope = ''] = (typeof stack === 'string' ? (stack.split(';').at(-1) ?? '') : '').split(',');
  return { target, inputs, outputs, scope };
}

function inputOf(spec: Readonly<Record<string, Json>>): readonly ProgramInput[] {
  const named = (of: Json | undefined, kind: ProgramInput['kind'], key: string): readonly ProgramInput[] => {
    const { arg, [key]: name } = record(of);
    const own = nameOf(arg);
    return own === null || typeof name !== 'string' ? [] : [{ kind, arg: own, name }];
  };
  const { parameter, buffer, tensor_constant: constant, user_input: user } = spec;
  const samples = nameOf(record(record(user)['arg'])['as_tensor']);
  return [
    ...named(parameter, 'parameter', 'parameter_name'),
    ...named(buffer, 'constant', 'buffer_name'),
    ...named(constant, 'constant', 'tensor_constant_name'),
    ...(samples === null ? [] : [{ kind: 'samples', arg: samples, name: samples } as const]),
  ];
}

function metaOf(file: string, name: string, json: Json): TensorMeta {
  const meta = record(json);
  const type = scalarType(meta['dtype']);
  if (type === undefined)
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(file)} computes ${quote(name)} in a type that is not read (${JSON.stringify(meta['dtype'])} of PyTorch's ScalarType); export the model in float32.`,
    );
  const dims = list(meta['sizes']).map((size) => {
    const { as_int: whole } = record(size);
    return typeof whole === 'number' && Number.isSafeInteger(whole) && whole >= 0 ? whole : null;
  });
  return { type, dims, requiresGrad: meta['requires_grad'] !== false };
}

/** A field that should hold an object, else nothing. */
export function record(json: Json | undefined): Readonly<Record<string, Json>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, Json>>)
    : {};
}

/** A field that should hold a list, else nothing. */
export function list(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? (json as readonly Json[]) : [];
}

/** The name of a tensor's argument. */
export function nameOf(json: Json | undefined): string | null {
  const { name } = record(json);
  return typeof name === 'string' ? name : null;
}

/** What a program is refused with that contradicts itself. */
export function damagedProgram(file: string, what: string, detail?: string): FailureError {
  return new FailureError(
    'DamagedModel',
    `${quote(file)} is damaged: ${what}; export it again with torch.export.save.`,
    detail,
  );
}
