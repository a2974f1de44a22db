import { HessianProducts } from '../autodiff/hessianProducts';
import { countProduct, planModel } from '../autodiff/plannedModel';
import type { Objective } from '../autodiff/preparedModel';
import { integerOutput } from '../graph/lowering/lowerGraph';
import type { Precision } from '../graph/writing/nodeWriter';
import { fromHeld, heldNumbers, lossInput } from '../loss/lossInput';
import { lossOfOutputs, type LossOfOutputs } from '../loss/lossOfOutputs';
import { FailureError, failureOf } from '../report/failure';
import { formatCount } from '../report/wording/number';
import type { Method, Warning } from '../report/report';
import type { Samples } from '../samples/samples';
import { tensorAt, type TensorOfSamples } from '../inference/tensorAt';
import { writtenBatch, type RunSubject } from '../subject/subject';
import type { AnalysedModel, OpenedModel } from './analysedModel';
import type { AnalysisRun } from './analysisRun';
import { methodOf, wantsColumns, worthFloat32 } from './chooseMethod';
import { modelWarnings } from './modelWarnings';

/** A graph with a loss on its outputs, and its checked products. */
export interface OpenedGraph {
  readonly chosen: LossOfOutputs;
  readonly products: HessianProducts;
  readonly method: Method;
  /** What a reader should know of how the model is run. */
  readonly warnings: readonly Warning[];
}

/**
 * Runs and differentiates a model with as many samples at a time as suit the memory, or, where it does not run so, with as
 * many as it was written for: exporters that know the batch size put it into shapes and masks all over the graph.
 * @throws FailureError where the model does not run on the samples, or cannot be analysed
 */
export async function openGraph(
  { subject, session }: AnalysedModel,
  samples: Samples,
  run: AnalysisRun,
): Promise<OpenedGraph> {
  const outputs = (batch: number | null): Promise<TensorOfSamples> =>
    outputsForLoss({ subject, session }, samples, batch, run);
  const differentiate = async (logits: TensorOfSamples, batch: number | null): Promise<OpenedGraph> => {
    const chosen = lossOfOutputs(run.request, subject, samples, logits);
    run.stopwatch.lap('forward');
    run.tell('Differentiating the graph');
    const { targets, loss } = chosen;
    const { weightDecay } = run.request;
    const between = (): void => {
      run.requireTime();
    };
    const objective = { subject, session, samples, targets, loss, weightDecay, between };
    const warnings = modelWarnings(subject, loss, run.request, samples.count);
    return { chosen, ...(await openProducts(objective, batch, run)), warnings };
  };
  try {
    return await differentiate(await outputs(null), null);
  } catch (error) {
    const batch = otherBatch(error, subject);
    if (batch === null) throw error;
    const logits = await outputs(batch).catch((again: unknown) => {
      // Where the batch was not the cause, the first reason is the one that says more.
      throw again instanceof FailureError && isOfBatches(again) ? error : again;
    });
    const many = batch === 1 ? 'one sample' : `${formatCount(batch)} samples`;
    const note = `The model runs only with the ${many} at a time that it was exported for; exported with a free batch size it is analysed faster.`;
    const again = await differentiate(logits, batch);
    return { ...again, warnings: [...again.warnings, { kind: 'model', message: note }] };
  } finally {
    await session.release();
  }
}

/**
 * The loss on the outputs of all samples, as an analysis chooses it.
 * @param wanted samples in a run where no other number of them will do, or null
 * @returns with the number of samples in a run where the model takes no other, or null
 * @throws FailureError where the model does not run on the samples, or labels and outputs do not fit
 */
export async function chooseLossOn(
  opened: OpenedModel,
  samples: Samples,
  run: AnalysisRun,
  wanted: number | null = null,
): Promise<{
  readonly chosen: LossOfOutputs;
  readonly logits: TensorOfSamples;
  readonly batch: number | null;
}> {
  let batch = wanted;
  const logits = await outputsForLoss(opened, samples, wanted, run).catch((error: unknown) => {
    batch = wanted === null ? otherBatch(error, opened.subject) : null;
    if (batch === null) throw error;
    return outputsForLoss(opened, samples, batch, run);
  });
  if (!logits.isFloat) throw integerOutput(opened.subject.output);
  return { chosen: lossOfOutputs(run.request, opened.subject, samples, logits), logits, batch };
}

/** The numbers that the loss is put on, for every sample. @param batch as in tensorAt */
export async function outputsForLoss(
  { subject, session }: Pick<OpenedModel, 'subject' | 'session'>,
  samples: Samples,
  batch: number | null,
  run: AnalysisRun,
): Promise<TensorOfSamples> {
  const { loss } = run.request;
  const input = lossInput(subject, loss === 'auto' ? null : loss);
  run.tell('Running the model');
  const found = await tensorAt(session, input.tensor, samples, batch, run.memoryBudget);
  const held = heldNumbers(input, found.data, samples.count);
  return { ...found, dims: input.inside === null ? found.dims : [input.inside], data: fromHeld(input, held) };
}

/** The number of samples that the model was written for, where an error may come of another; else null. */
function otherBatch(error: unknown, subject: RunSubject): number | null {
  return error instanceof FailureError && isOfBatches(error) ? writtenBatch(subject) : null;
}

/** Whether it may be the number of samples that the model does not take. */
function isOfBatches({ failure: { kind } }: FailureError): boolean {
  return kind === 'UnsupportedStructure' || kind === 'SampleShapeMismatch';
}

/** Products of a precision that allows what is asked: float32 where its measured error does, and no column is to be exact. */
async function openProducts(
  objective: Objective,
  batch: number | null,
  run: AnalysisRun,
): Promise<Pick<OpenedGraph, 'products' | 'method'>> {
  const { request, threads } = run;
  const { dtype } = request;
  const { memoryBudget } = run;
  const plan = await planModel(objective, { memoryBudget, batch });
  const columns = wantsColumns(plan, request);
  const open = async (precision: Precision): Promise<Pick<OpenedGraph, 'products' | 'method'>> => {
    const products = await HessianProducts.ofPlan(plan, { precision, memoryBudget, threads, batch });
    try {
      return { products, method: methodOf(products, columns, run) };
    } catch (error) {
      await products.release();
      throw error;
    }
  };
  if (dtype !== 'auto') return open(dtype);
  // The error of a float32 product may be any multiple of D·H·D.
  if (columns || request.scaleAdapted || countProduct(plan).multiplyAdds < worthFloat32)
    return open('float64');
  // Whatever float32 does not hold, float64 may.
  const opened = await open('float32').catch((error: unknown) => {
    const { kind } = failureOf(error);
    if (error instanceof FailureError && kind !== 'TooLarge' && kind !== 'TimeLimit') return null;
    throw error;
  });
  if (opened !== null && opened.products.measured.productError <= request.precision / 10) return opened;
  await opened?.products.release();
  return open('float64');
}
