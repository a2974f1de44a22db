import { quote } from '../../files/quote';
import type { Graph, Tensor } from '../../graph/graph';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { GraphBuilder } from '../built/graphBuilder';
import type { FileParameters } from '../model';
import type { PaddingRows } from '../../report/request';
import { Call, type Translation } from './call';
import { creation, symbolic } from './operators/creation';
import { elementwise } from './operators/elementwise';
import { layers } from './operators/layers';
import { recurrentLayers } from './operators/recurrent';
import { shapes } from './operators/shapes';
import type { OperatorTable, Translate } from './operators/table';
import { damagedProgram, type Program, type ProgramNode } from './program';

const aten: OperatorTable = { ...elementwise, ...shapes, ...layers, ...recurrentLayers, ...creation };

/** What only checks, or says how something may be computed. */
const nothing =
  /^(?:torch\.ops\.)?(?:aten\.(?:_assert_\w+|sym_constrain_\w+|_assert_tensor_metadata)|_operator\.(?:le|ge|eq|lt|gt|ne))(?:\.|$)/;
/** Operators whose results show the numbers of their argument: writing into one writes into the other. */
const views =
  /^(?:view|reshape|_unsafe_view|flatten|unflatten|permute|transpose|t|numpy_T|mT|squeeze|unsqueeze|select|slice|split|split_with_sizes|chunk|unbind|expand|expand_as|alias|detach|contiguous|to|dropout)$/;

/** A program as a Graph, and which of its initialisers are trained. */
export interface Translated {
  readonly graph: Graph;
  readonly parameters: FileParameters;
  readonly paddingRows: PaddingRows;
}

/**
 * Writes a program of ATen operators as a Graph.
 * @param tensors of the file, by the names of the program's inputs
 * @throws FailureError UnsupportedOperator for an operator that is not read, by its name; DamagedModel
 */
export function translate(file: string, program: Program, tensors: ReadonlyMap<string, Tensor>): Translated {
  const builder = new GraphBuilder();
  const of: Translation = {
    ...{ file, program, builder, tensors },
    ...{ values: new Map(), learned: new Set(), paddingRows: new Map() },
  };
  const [trained, frozen] = [new Set<string>(), new Set<string>()];
  const known = new Map<string, string>();
  for (const { kind, arg, name } of program.inputs) {
    const meta = program.metas.get(arg);
    if (meta === undefined) throw damagedProgram(file, `nothing is said of its input ${quote(arg)}`);
    if (kind === 'samples') {
      of.values.set(
        arg,
        builder.input(
          arg,
          meta.type,
          meta.dims.map((size, at) => size ?? (at === 0 ? 'N' : `s${String(at)}`)),
        ),
      );
      continue;
    }
    const tensor = tensors.get(name);
    if (tensor === undefined) throw damagedProgram(file, `the tensor ${quote(name)} is not in it`);
    const isReal = tensor.type.startsWith('float');
    // What is tied comes in under the same name.
    const value =
      known.get(name) ??
      (kind === 'parameter' && isReal ? builder.parameter(name, tensor) : builder.constant(name, tensor));
    known.set(name, value);
    of.values.set(arg, value);
    if (kind === 'parameter' && isReal) (meta.requiresGrad ? trained : frozen).add(name);
    if (kind === 'parameter' && meta.requiresGrad) of.learned.add(arg);
  }
  const writes = new Writes(file, program);
  program.nodes.forEach((node, at) => {
    translateNode(of, node);
    writes.follow(of, node, at);
  });
  const outputs = program.outputs.map((name) => {
    const [value, meta] = [of.values.get(name), program.metas.get(name)];
    if (value === undefined || meta === undefined)
      throw damagedProgram(file, `nothing makes its output ${quote(name)}`);
    return {
      name,
      value,
      type: meta.type,
      dims: meta.dims.map((size, at) => size ?? (at === 0 ? 'N' : null)),
    };
  });
  return {
    graph: builder.finish(outputs),
    parameters: { trained, frozen },
    paddingRows: Object.fromEntries(of.paddingRows),
  };
}

function translateNode(of: Translation, node: ProgramNode): void {
  if (nothing.test(node.target)) return;
  const operator = operatorOf(node.target);
  if (operator === undefined)
    throw new FailureError(
      'UnsupportedOperator',
      `${quote(of.file)} calls ${printable(node.target)}${node.scope === '' ? '' : ` in "${printable(node.scope)}"`}, which is not read here; export the model to ONNX and analyse that file.`,
    );
  const found = operator(new Call(of, node));
  const results = typeof found === 'string' ? [found] : found;
  node.outputs.forEach((name, at) => {
    const value = results[at];
    // A result that the program has, and no use for, is not made.
    if (value !== undefined) of.values.set(name, value);
  });
  const isLearned = argumentsOf(node).some((name) => of.learned.has(name));
  if (isLearned) node.outputs.forEach((name) => of.learned.add(name));
}

function operatorOf(target: string): Translate | undefined {
  const path = target.replace(/^torch\.ops\./, '');
  if (Object.hasOwn(symbolic, path)) return symbolic[path];
  const name = nameIn(path);
  return name !== null && Object.hasOwn(aten, name) ? aten[name] : undefined;
}

/** aten.relu_.default: relu. */
function nameIn(target: string): string | null {
  const [, name = '', inPlace = ''] = /^(?:torch\.ops\.)?aten\.(\w+?)(_?)\.\w+$/.exec(target) ?? [];
  return name === '' ? null : Object.hasOwn(aten, `${name}${inPlace}`) ? `${name}${inPlace}` : name;
}

/** The names of tensors among the arguments. */
function argumentsOf({ inputs }: ProgramNode): readonly string[] {
  const names: string[] = [];
  for (const argument of inputs.values()) {
    const text = JSON.stringify(argument);
    for (const [, name = ''] of text.matchAll(/"(?:name)":"((?:[^"\\]|\\.)*)"/g)) names.push(name);
  }
  return names;
}

/** Operators that write into their argument, and what else shows it. */
class Writes {
  /** Of every view what it shows in the end. */
  private readonly shown = new Map<string, string>();
  /** Where every tensor is used last. */
  private readonly lastUse = new Map<string, number>();

  constructor(
    private readonly file: string,
    program: Program,
  ) {
    program.nodes.forEach((node, at) => {
      for (const name of argumentsOf(node)) this.lastUse.set(name, at);
    });
    for (const name of program.outputs) this.lastUse.set(name, Infinity);
  }

  /** Follows one operator. @throws FailureError UnsupportedStructure where another view of what was written is used later */
  follow(of: Translation, { target, outputs, inputs }: ProgramNode, at: number): void {
    const [, name = '', inPlace = ''] = /aten\.(\w+?)(_?)\.\w+$/.exec(target) ?? [];
    const [first] = inputs.values();
    const argument = (first?.['as_tensor'] as { readonly name?: string } | undefined)?.name ?? '';
    const root = this.shown.get(argument) ?? argument;
    // Python's operators are called so, too: __and__.
    if (inPlace === '' || name.startsWith('__')) {
      if (views.test(name)) for (const output of outputs) this.shown.set(output, root);
      return;
    }
    const [output = ''] = outputs;
    const written = of.values.get(output);
    if (written === undefined) return;
    const others = [root, ...[...this.shown].flatMap(([view, own]) => (own === root ? [view] : []))];
    const stale = others.find(
      (view) => view !== argument && view !== output && (this.lastUse.get(view) ?? -1) > at,
    );
    if (stale !== undefined)
      throw new FailureError(
        'UnsupportedStructure',
        `${quote(this.file)} writes into ${quote(argument)} (${printable(target)}) and uses another view of it afterwards; write the model without operators in place.`,
      );
    of.values.set(argument, written);
    this.shown.set(output, root);
  }
}
