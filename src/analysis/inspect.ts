import type { Model } from '../formats/model';
import { readModel } from '../formats/readModel';
import type { Graph } from '../graph/graph';
import { fitsShape, type InputShapes, type OpenInput } from '../report/inputShapes';
import type { ModelFacts } from '../report/report';
import { noOptions, type ModelInspection, type RequestOptions, type TensorFacts } from '../report/request';
import { findSampleCandidates } from '../samples/candidates';
import type { InputSpec } from '../samples/samples';
import { readSidecar } from '../samples/sidecar';
import { groupLayers } from '../subject/layers';
import { parameterCount, type Subject } from '../subject/subject';
import { memoryBudget } from './memoryBudget';
import { openAnalysedModel, subjectChoice } from './analysedModel';
import { modelFacts } from './modelFacts';
import { readPerceptron } from './readPerceptron';

/**
 * What a model file and its folder tell before anything is computed: the facts for the panel's head, and the data files
 * beside the model that may be its samples, best first.
 * @param said over what the sidecar says
 * @throws FailureError where the file cannot be read or analysed
 */
export async function inspectModel(
  file: string,
  said: Partial<RequestOptions> = {},
): Promise<ModelInspection> {
  // A sidecar that cannot be read is told of by who takes samples from it.
  const sidecar = await readSidecar(file).catch(() => null);
  const options = { ...(sidecar?.options ?? noOptions), ...said };
  const model = await readModel(file, options.architecture);
  const { facts, inputs, openInputs, subject } = await factsOf(model, options);
  const candidates = await findSampleCandidates(file, inputs, isPlain(options) ? outputWidth(subject) : null);
  const outputs = model.graph.outputs.map(({ name }) => name);
  return { facts: { schema: 1, model: facts }, candidates, openInputs, outputs, tensors: tensorsOf(subject) };
}

/** Whether labels are classes or refused: with another loss, or a label to leave out, they may be something else. */
function isPlain({ loss, ignoreLabel }: RequestOptions): boolean {
  return ignoreLabel === null && (loss === null || loss === 'auto' || loss === 'cross-entropy');
}

/** How many numbers the model makes of a sample, where the file says that it is one row of them. */
function outputWidth({ model, output }: Subject): number | null {
  const dims = model.graph.outputs.find(({ name }) => name === output)?.dims ?? null;
  const [, width] = dims ?? [];
  return dims?.length === 2 && typeof width === 'number' ? width : null;
}

/** More tensors than a person reads through are not listed, beside the parameters. */
const mostOthers = 500;

/** The parameters, layer by layer, then the other tensors of float numbers. */
function tensorsOf({ graph, parameters }: Subject): readonly TensorFacts[] {
  const trained = groupLayers(graph, parameters, () => null).flatMap((layer) =>
    layer.parameters.map(({ name, tensor }): TensorFacts => ({
      name,
      shape: tensor.dims,
      layer: layer.name,
      kind: layer.kind,
    })),
  );
  const known = new Set(trained.map(({ name }) => name));
  const others = [...graph.initialisers]
    .filter(([name, { type, data }]) => /^b?float/.test(type) && data.length > 1 && !known.has(name))
    .slice(0, mostOthers);
  return [...trained, ...others.map(([name, { dims }]) => ({ name, shape: dims, layer: null, kind: null }))];
}

async function factsOf(
  model: Model,
  options: RequestOptions,
): Promise<{
  readonly facts: ModelFacts;
  readonly inputs: readonly InputSpec[];
  readonly openInputs: readonly OpenInput[];
  readonly subject: Subject;
}> {
  const { output, trained, fixed } = options;
  const shapes = options.shapes ?? {};
  // Whether evaluation mode was asked for is known to the analysis alone.
  const choice = {
    output,
    trained: trained ?? [],
    fixed: fixed ?? [],
    decayed: [],
    paddingRows: {},
    shapes: fittingShapes(model.graph, shapes),
    evaluation: true,
  };
  const analysed = openAnalysedModel(model, subjectChoice(choice), 1, undefined, memoryBudget(null));
  const { subject, session } = analysed;
  const openInputs = openInputsOf(subject, shapes);
  const perceptron = await readPerceptron(analysed, null).finally(() => session.release());
  if (perceptron.ok) {
    const { facts, inputSpec } = perceptron.read;
    return { facts, inputs: [inputSpec], openInputs, subject };
  }
  const facts = modelFacts(model, subject.head.logits, parameterCount(subject), 'network');
  return { facts, inputs: subject.inputs, openInputs, subject };
}

/** What does not fit is told of by the analysis; here it is corrected. */
function fittingShapes({ inputs }: Graph, shapes: InputShapes): InputShapes {
  const fits = ([name, shape]: readonly [string, readonly number[]]): boolean =>
    inputs.some((input) => input.name === name && fitsShape(input.dims, shape));
  return Object.fromEntries(Object.entries(shapes).filter(fits));
}

/** The inputs of which the file leaves sizes open, whatever the sidecar says of them. */
function openInputsOf({ model, inputs }: Subject, shapes: InputShapes): readonly OpenInput[] {
  const said = new Map(Object.entries(shapes));
  return model.graph.inputs.flatMap(({ name, type, dims }) => {
    const isOpen = dims === null || dims.slice(1).some((size) => typeof size !== 'number');
    if (!isOpen || !inputs.some((input) => input.name === name)) return [];
    const sizes = dims?.map((size) => (typeof size === 'number' ? size : null)) ?? null;
    return [{ name, dims: sizes, optional: type.includes('int'), shape: said.get(name) ?? null }];
  });
}
