import { HessianProducts } from '../autodiff/hessianProducts';
import { logitsOf, probabilitiesOf } from '../autodiff/headInside';
import { FailureError } from '../report/failure';
import { formatCount } from '../report/number';
import { printable } from '../report/printable';
import type { AnalysisRequest } from '../report/request';
import type { Samples } from '../samples/samples';
import type { AnalysisRun } from './analysisRun';
import { tensorAt, writtenBatch, type GraphSubject, type TensorOfSamples } from './graphSubject';
import { parameterNotes } from './parameterNotes';
import { lossOfOutputs, type OutputLoss } from './rowLoss';

/** Beyond so many multiply-adds a product, float64 is too much work. */
const mostInFloat64 = 2e10;

/** A graph with a loss on its outputs, and its proved products. */
export interface OpenedGraph {
  readonly output: OutputLoss;
  readonly products: HessianProducts;
  /** What a reader should know of how the model is run. */
  readonly notes: readonly string[];
}

/**
 * Runs and differentiates a model with as many samples at a time as suit the memory, or, where it does not run so, with as
 * many as it was written for: exporters that know the batch size put it into shapes and masks all over the graph.
 * @throws FailureError where the model does not run on the samples, or cannot be analysed
 */
export async function openGraph(
  subject: GraphSubject,
  samples: Samples,
  run: AnalysisRun,
): Promise<OpenedGraph> {
  const notes = notesOfRequest(run.request);
  try {
    const outputs = await outputsOf(subject, samples, null, run);
    const opened = await openWith(subject, samples, outputs, null, run);
    return { ...opened, notes: [...notes, ...parameterNotes(subject.model.graph, opened.products.survey)] };
  } catch (error) {
    const batch = writtenBatch(subject);
    if (batch === null || !(error instanceof FailureError) || !isOfBatches(error)) throw error;
    const outputs = await outputsOf(subject, samples, batch, run).catch((again: unknown) => {
      // Where the batch was not the cause, the first reason is the one that says more.
      throw again instanceof FailureError && isOfBatches(again) ? error : again;
    });
    const opened = await openWith(subject, samples, outputs, batch, run);
    const many = batch === 1 ? 'one sample' : `${formatCount(batch)} samples`;
    const note = `The model runs only with the ${many} at a time that it was exported for; exported with a free batch size it is analysed faster.`;
    return {
      ...opened,
      notes: [...notes, note, ...parameterNotes(subject.model.graph, opened.products.survey)],
    };
  }
}

/** What was asked for and a reader should know of. */
export function notesOfRequest({ evaluation, trained, fixed }: AnalysisRequest): readonly string[] {
  const listed = (names: readonly string[]): string => names.map((name) => `"${printable(name)}"`).join(', ');
  return [
    ...(evaluation ? ['The model is analysed in evaluation mode, as asked.'] : []),
    ...(trained.length > 0 ? [`Counted as parameters, as asked: ${listed(trained)}.`] : []),
    ...(fixed.length > 0 ? [`Held fixed and not counted as parameters, as asked: ${listed(fixed)}.`] : []),
  ];
}

/** Whether it may be the number of samples that the model does not take. */
function isOfBatches({ failure: { kind } }: FailureError): boolean {
  return kind === 'UnsupportedStructure' || kind === 'SampleShapeMismatch';
}

async function outputsOf(
  subject: GraphSubject,
  samples: Samples,
  batch: number | null,
  run: AnalysisRun,
): Promise<TensorOfSamples> {
  run.tell('Running the model');
  const { memoryBudget } = run.request;
  const { logits, inside } = subject.head;
  const found = await tensorAt(subject, logits, samples, batch, run.threads, memoryBudget);
  if (inside === undefined) return found;
  return {
    dims: [inside],
    data: logitsOf(subject.head, probabilitiesOf(found.data, inside * samples.count)),
  };
}

async function openWith(
  subject: GraphSubject,
  samples: Samples,
  logits: TensorOfSamples,
  batch: number | null,
  run: AnalysisRun,
): Promise<Omit<OpenedGraph, 'notes'>> {
  const output = lossOfOutputs(run.request, subject, samples, logits);
  run.stopwatch.lap('forward');
  run.tell('Differentiating the graph');
  return { output, products: await openProducts(subject, samples, output, batch, run) };
}

/** Products in float64, or in float32 where that was asked for or float64 would be too much work. */
async function openProducts(
  { model }: GraphSubject,
  samples: Samples,
  { chosen: { loss }, targets }: OutputLoss,
  batch: number | null,
  run: AnalysisRun,
): Promise<HessianProducts> {
  const { dtype, method, output, memoryBudget, evaluation, trained, fixed } = run.request;
  const open = (precision: 'float64' | 'float32'): Promise<HessianProducts> =>
    HessianProducts.open(model, samples, targets, loss, {
      output,
      precision,
      memoryBudget,
      threads: run.threads,
      evaluation,
      choice: { trained, fixed },
      batch,
    });
  if (dtype !== 'auto') return open(dtype);
  const products = await open('float64');
  if (products.multiplyAdds <= mostInFloat64 || method === 'exact') return products;
  await products.release();
  return open('float32');
}
