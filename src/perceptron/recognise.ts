import { quoted } from '../formats/quoted';
import type { ElementType, Graph, TensorSpec } from '../graph/graph';
import type { Failure } from '../report/failure';
import { FailureError } from '../report/failure';
import type { Perceptron } from './perceptron';
import type { Assembled } from './recognition/assemble';
import { assemble } from './recognition/assemble';
import { traceOutput } from './recognition/trace';

export type Recognition =
  | {
      readonly ok: true;
      readonly perceptron: Perceptron;
      /** False where one operator computes logits and head: `perceptron.logits` then names what it puts out. */
      readonly logitsInGraph: boolean;
      readonly inputSpec: {
        readonly name: string;
        readonly type: ElementType;
        /** Dimensions of one sample; null where any size will do. */
        readonly dims: readonly (number | null)[];
      };
      /** What the user should know of how the graph was read. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Reads a graph as a perceptron (math.md 3) by its data flow, not by its names: from the graph inputs that `output` depends
 * on, what each tensor means for one sample is followed node by node.
 * `output`: a graph output or a tensor inside; null: the one that holds logits or probabilities, where only one does.
 * The failure names the node and operator in the way, or the outputs to choose from.
 */
export function recognisePerceptron(graph: Graph, output: string | null): Recognition {
  try {
    return output === null ? recogniseAny(graph) : recogniseOutput(graph, chosen(graph, output));
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** "perceptron 64-32-16-10, tanh": the widths, and the activations in order where they differ. */
export function describeArchitecture(perceptron: Perceptron): string {
  const { layers } = perceptron;
  const widths = [...layers.slice(0, 1).map(({ inputs }) => inputs), ...layers.map(({ outputs }) => outputs)];
  const hidden = layers.slice(0, -1).map(({ activation }) => activation.name);
  const last = layers.at(-1)?.activation.name ?? 'identity';
  const different = [...new Set(hidden)];
  const inside = different.length > 1 ? hidden : different;
  const parts = [`perceptron ${widths.join('-')}`, ...(inside.length > 0 ? [inside.join(' ')] : [])];
  if (last !== 'identity') parts.push(`${last} on the output`);
  return parts.join(', ');
}

function recogniseOutput(graph: Graph, output: string): Extract<Recognition, { ok: true }> {
  const trace = traceOutput(graph, output);
  const assembled = assemble(trace, output);
  const spec = graph.inputs.find(({ name }) => name === assembled.perceptron.input);
  return {
    ok: true,
    ...assembled,
    inputSpec: {
      name: assembled.perceptron.input,
      type: spec?.type ?? 'float32',
      dims: sampleDims(spec?.dims?.slice(1) ?? [null], assembled),
    },
    notes: trace.notes,
  };
}

/** The dimensions of one sample; a single one that the file leaves open follows from the width of the first layer. */
function sampleDims(
  declared: readonly (number | string | null)[],
  { perceptron }: Assembled,
): (number | null)[] {
  const dims = declared.map((size) => (typeof size === 'number' ? size : null));
  const known = dims.reduce<number>((total, size) => total * (size ?? 1), 1);
  const missing = (perceptron.layers[0]?.inputs ?? 0) / known;
  const single = dims.filter((size) => size === null).length === 1 && Number.isInteger(missing);
  return dims.map((size) => size ?? (single ? missing : null));
}

/** An output of the graph, or a tensor inside it: the logits of a file that puts out their loss. */
function chosen(graph: Graph, output: string): string {
  if (graph.outputs.some(({ name }) => name === output)) return output;
  if (output !== '' && graph.nodes.some(({ outputs }) => outputs.includes(output))) return output;
  throw new FailureError(
    'UsageError',
    `The model has no output ${quoted(output)}; it has ${listed(graph.outputs)}: name one with --output, or any tensor inside the model.`,
  );
}

const floatTypes: ReadonlySet<ElementType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);
const mostCandidates = 20;

/** The outputs that a loss can be put on: floats, else tables (scikit-learn's ZipMap), else labels. */
function candidatesOf(graph: Graph): readonly TensorSpec[] {
  const floats = graph.outputs.filter(({ type }) => floatTypes.has(type));
  if (floats.length > 0) return floats;
  const tables = graph.outputs.filter(({ type }) => type === 'other');
  return tables.length > 0 ? tables : graph.outputs;
}

function recogniseAny(graph: Graph): Recognition {
  const candidates = candidatesOf(graph);
  const [only] = candidates;
  if (only === undefined)
    throw new FailureError('NoParameters', 'The model has no outputs, so there is nothing to put a loss on.');
  if (candidates.length === 1) return recogniseOutput(graph, only.name);
  if (candidates.length > mostCandidates) throw ambiguous(candidates);
  const found: Extract<Recognition, { ok: true }>[] = [];
  let failure: unknown = null;
  for (const { name } of candidates)
    try {
      found.push(recogniseOutput(graph, name));
    } catch (error) {
      failure ??= error;
    }
  const [first] = found;
  // Outputs of which none is a perceptron: say why of the first, not which to choose.
  if (first === undefined) throw failure;
  const logits = new Set(found.map(({ perceptron }) => perceptron.logits));
  if (found.length < candidates.length || logits.size > 1) throw ambiguous(candidates);
  // Logits and their probabilities: the same loss, and the head is known from the second.
  return found.find(({ perceptron }) => perceptron.head !== 'none') ?? first;
}

function ambiguous(candidates: readonly TensorSpec[]): FailureError {
  return new FailureError(
    'UsageError',
    `The model has several outputs that a loss can be put on (${listed(candidates)}); choose one with --output.`,
  );
}

function listed(outputs: readonly TensorSpec[]): string {
  const shown = outputs.slice(0, 8).map(({ name }) => quoted(name));
  return outputs.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
