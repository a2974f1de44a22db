import { isNamedBy } from '../report/namePattern';
import type { RunnableModel } from '../formats/model';
import { ancestors, ancestorsOf, producers, sameOrder, throughViews } from '../graph/flow';
import type { Graph, GraphNode, TensorData } from '../graph/graph';
import { loweringOf } from '../graph/lowering/lowerings';
import { nodeText } from '../graph/nodeText';
import { dequantised } from '../graph/quantisation';
import { FailureError } from '../report/failure';
import type { InputShapes } from '../report/inputShapes';
import type { PaddingRows } from '../report/request';
import { printable } from '../report/printable';
import type { InputSpec } from '../samples/samples';
import { findHead, type Head } from './head';
import { chooseOutput } from './output';
import {
  noChoice,
  surveyParameters,
  type Parameter,
  type ParameterChoice,
  type ParameterSurvey,
} from './parameters';
import { withPaddingRows } from './paddingRows';
import { withTrainedBiases } from './recurrentBiases';
import { refuseUnbatched, refuseUndifferentiable, refuseWithoutLoss } from './refusals';
import { inputsOf } from './sampleInputs';
import { withShapes } from './shapes';
import { findCopies, separateMerged, type Copy } from './ties';
import { setting } from '../report/wording/settings';

/** The tensor of a graph that is analysed. */
export interface AnalysedOutput {
  /** The model's graph, with merged constants apart. */
  readonly graph: Graph;
  /** The tensor as the user knows it. */
  readonly output: string;
  readonly head: Head;
}

/** What of a model is run for a loss. */
export interface RunSubject extends AnalysedOutput {
  readonly model: RunnableModel;
  /** The graph inputs that the output depends on. */
  readonly inputs: readonly InputSpec[];
}

/** What of a model is analysed, known before any sample is read. */
export interface Subject extends RunSubject {
  readonly parameters: readonly Parameter[];
  /** How they were told from other constants. */
  readonly survey: ParameterSurvey;
  /** Tensors that hold the numbers of parameters. */
  readonly copies: ReadonlyMap<string, Copy>;
  /** Tensors of equal numbers that the file shares, and that count for each of their users. */
  readonly split: readonly string[];
  /** Rows of tables that stand for no token. */
  readonly paddingRows: PaddingRows;
  /** Names of the parameters that a weight decay is over. */
  readonly decayed: ReadonlySet<string>;
}

/** What a user says of what is analysed. */
export interface SubjectChoice {
  /** Tensors that are said to be trained, and those that are said to be fixed. */
  readonly parameters: ParameterChoice;
  /** Patterns of the parameters that a weight decay is over; none: it is over all. */
  readonly decayed: readonly string[];
  /** The output, or null: the one that looks like logits. */
  readonly output: string | null;
  /** Analyse an export in training mode as in evaluation mode. */
  readonly evaluation: boolean;
  readonly shapes: InputShapes;
  /** Rows of tables that are not trained, beside those that the file says. */
  readonly paddingRows: PaddingRows;
}

/** Nothing is said. */
export const noSubjectChoice: SubjectChoice = {
  parameters: noChoice,
  decayed: [],
  output: null,
  evaluation: false,
  shapes: {},
  paddingRows: {},
};

/**
 * Chooses the output, tells the head that belongs to the loss, and finds the parameters.
 * @throws FailureError UsageError, UnsupportedOperator, UnsupportedStructure, NoParameters, NonFiniteWeights
 */
export function findSubject(model: RunnableModel, choice: SubjectChoice): Subject {
  const declared = model.parameters ?? null;
  // Exporters merge what is equal, and fill what is missing; a file that names its parameters does neither.
  const separated = declared === null ? separateMerged(model.graph) : { graph: model.graph, split: [] };
  const graph = withShapes(
    declared === null ? withTrainedBiases(separated.graph) : separated.graph,
    choice.shapes,
  );
  const output = chooseOutput(graph, choice.output);
  const head = findHead(graph, output);
  const nodes = ancestors(graph, head.logits);
  refuseUndifferentiable(graph, nodes, choice.evaluation);
  refuseUnbatched(graph, nodes, output);
  requireFloats(graph, choice.parameters);
  const surveyed = surveyParameters(graph, nodes, choice.parameters, declared);
  const paddingRows = { ...model.paddingRows, ...choice.paddingRows };
  const padded = withPaddingRows(graph, surveyed.parameters, paddingRows);
  const found = padded.parameters;
  const survey = { ...surveyed, parameters: found };
  const unused = choice.parameters.trained.find(
    (pattern) => !found.some(({ name }) => isNamedBy(pattern, name)),
  );
  if (unused !== undefined) {
    throw new FailureError(
      'UsageError',
      `The tensor "${printable(unused)}" of ${setting('trained')} is no part of what makes "${printable(output)}"; leave it out.`,
    );
  }
  const copies: Subject['copies'] = declared === null ? findCopies(found) : new Map();
  const parameters = found.filter(({ name }) => !copies.has(name));
  if (parameters.length === 0) {
    throw new FailureError(
      'NoParameters',
      `No float weights lie between the samples and "${printable(output)}"; choose another output with ${setting('output')}.`,
    );
  }
  requireFinite(parameters);
  const decayed = decayedNames(parameters, copies, choice.decayed);
  const inputs = inputsOf(graph, nodes);
  const split = separated.split.filter((name) => found.some((each) => each.name === name));
  return {
    ...{ model, graph: padded.graph, output, head, inputs, parameters, survey, copies, split, decayed },
    paddingRows: Object.fromEntries(
      Object.entries(paddingRows).filter(([table]) => found.some(({ name }) => name === table)),
    ),
  };
}

/**
 * The output and the head of a model that is only run: those of the float model that it was made from, where it was
 * quantised. Its graph is that model's, with this one's tensors.
 * @throws FailureError UsageError, UnsupportedOperator, UnsupportedStructure, TrainingMode, also where it is not certain
 * what the output holds
 */
export function findRunSubject(
  model: RunnableModel,
  { output: requested, shapes, evaluation }: Pick<SubjectChoice, 'output' | 'shapes' | 'evaluation'>,
): RunSubject {
  const graph = withShapes(dequantised(model.graph), shapes);
  const output = chooseOutput(graph, requested);
  requireKnownEnd(graph, output);
  const head = findHead(graph, output);
  refuseWithoutLoss(graph, ancestorsOf(model.graph, [output, head.logits]), evaluation);
  const nodes = ancestors(graph, head.logits);
  refuseUnbatched(graph, nodes, output);
  return { model, graph, output, head, inputs: inputsOf(graph, nodes) };
}

/** A head may be part of an operator that is not known. */
function requireKnownEnd(graph: Graph, output: string): void {
  const madeBy = producers(graph);
  const last = madeBy.get(throughViews(madeBy, output, sameOrder));
  if (last !== undefined && loweringOf(last) !== undefined) return;
  const what = last === undefined ? 'it is made by no operator' : `${nodeText(last)} may hold its head`;
  throw new FailureError(
    'UnsupportedOperator',
    `It is not certain what the output "${printable(output)}" holds, since ${what}; name the float tensor before the head with ${setting('output')}, or export the head in float.`,
  );
}

/** The nodes that make the target, in an order in which they can run. */
export function nodesOf(subject: Subject, target: string): readonly GraphNode[] {
  return ancestors(subject.graph, target);
}

/** Number of trainable numbers. */
export function parameterCount({ parameters }: Subject): number {
  return parameters.reduce((sum, { tensor }) => sum + tensor.data.length, 0);
}

/** How many of them a weight decay is over. */
export function decayedCount({ parameters, decayed }: Pick<Subject, 'parameters' | 'decayed'>): number {
  return parameters.reduce((sum, { name, tensor }) => sum + (decayed.has(name) ? tensor.data.length : 0), 0);
}

/** The number of samples that the file was written for, where it says one: the first dimension of all inputs. */
export function writtenBatch({ model, inputs }: RunSubject): number | null {
  const used = model.graph.inputs.filter(({ name }) => inputs.some((input) => input.name === name));
  const [size, ...others] = new Set(used.map(({ dims }) => dims?.[0] ?? null));
  return typeof size === 'number' && size > 0 && others.length === 0 ? size : null;
}

/** Tensors that a user chooses must be there, and hold numbers that a gradient can be taken to. */
function requireFloats({ initialisers }: Graph, { trained, fixed }: ParameterChoice): void {
  for (const [option, patterns] of [
    ['trained', trained],
    ['fixed', fixed],
  ] as const) {
    for (const pattern of patterns) {
      const named = [...initialisers].filter(([name]) => isNamedBy(pattern, name));
      if (named.some(([, { type }]) => /^b?float/.test(type))) continue;
      const what =
        named[0] === undefined
          ? 'The model holds no tensor'
          : `The numbers are ${named[0][1].type}, not float, in the tensor`;
      throw new FailureError(
        'UsageError',
        `${what} "${printable(pattern)}" of ${setting(option)}; name one that the file stores in float, as a warning or a model viewer spells it.`,
      );
    }
  }
}

/** The parameters that patterns name, by themselves or by a copy; without patterns all. */
function decayedNames(
  parameters: readonly Parameter[],
  copies: ReadonlyMap<string, Copy>,
  patterns: readonly string[],
): ReadonlySet<string> {
  const namesOf = ({ name }: Parameter): string[] => [
    name,
    ...[...copies].flatMap(([copy, { of }]) => (of === name ? [copy] : [])),
  ];
  const named = (pattern: string): readonly Parameter[] =>
    parameters.filter((parameter) => namesOf(parameter).some((name) => isNamedBy(pattern, name)));
  const unused = patterns.find((pattern) => named(pattern).length === 0);
  if (unused !== undefined) {
    const [first] = parameters.map(({ name }) => `"${printable(name)}"`);
    throw new FailureError(
      'UsageError',
      `No parameter of the model is named "${printable(unused)}", as ${setting('decayed')} has it; name those that decay as the file does, such as ${first}, or with * for any characters.`,
    );
  }
  return new Set((patterns.length === 0 ? parameters : patterns.flatMap(named)).map(({ name }) => name));
}

function requireFinite(parameters: readonly Parameter[]): void {
  const broken = parameters.find(({ tensor: { data } }) => !isFinite(data));
  if (broken === undefined) return;
  throw new FailureError(
    'NonFiniteWeights',
    `The weights "${printable(broken.name)}" hold NaN, infinity or numbers at the end of float64; save the model from before its training diverged.`,
  );
}

/** Whether every number is finite, and so their norm. */
function isFinite(data: TensorData): boolean {
  // Integers are.
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return true;
  // No norm is larger.
  let sum = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- iterating a typed array takes six times as long
  for (let i = 0; i < data.length; i++) sum += Math.abs(data[i]!);
  return Number.isFinite(sum);
}
