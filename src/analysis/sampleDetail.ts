import { HessianProducts } from '../autodiff/hessianProducts';
import { planModel } from '../autodiff/plannedModel';
import { someSamples, type Objective } from '../autodiff/preparedModel';
import { meanLossOf } from '../loss/evenGuess';
import { losses } from '../loss/losses';
import { predictedClass } from '../loss/accuracy';
import { sigmoid, softmax } from '../loss/probabilities';
import { inRows, rowsPerSample, rowWeights } from '../loss/targets';
import type { InputDetail, OutputDetail, SampleDetail } from '../report/detail';
import { FailureError } from '../report/failure';
import type { Loss } from '../report/report';
import { norm } from '../runtime/norm';
import type { SampleInput } from '../samples/samples';
import { writtenBatch } from '../subject/subject';
import type { AnalysedModel } from './analysedModel';
import { readAnalysedSamples } from './analysedSamples';
import type { AnalysisRun } from './analysisRun';
import { chooseLossOn } from './openedGraph';
import { readPerceptron } from './readPerceptron';
import { samplePicture } from './samplePictures';

/** Numbers of an input or target, and outputs, that are told one by one. */
const mostValues = 256;
const mostOutputs = 10;

/**
 * One of the samples, and what the model makes of it: the model is run over all of them once, since labels that are the
 * model's own and the loss depend on all.
 * @param index its place in its file
 * @throws FailureError where samples or model do not give it any more
 */
export async function sampleDetail(
  analysed: AnalysedModel,
  index: number,
  run: AnalysisRun,
): Promise<SampleDetail> {
  const { subject, session } = analysed;
  const { method, loss: requested } = run.request;
  const isGraph = method === 'exact' || method === 'estimate';
  // The inputs are read as the analysis read them.
  const perceptron = isGraph ? null : await readPerceptron(analysed, requested === 'auto' ? null : requested);
  const specs = perceptron?.ok === true ? [perceptron.read.inputSpec] : subject.inputs;
  const { samples } = await readAnalysedSamples(analysed, specs, run);
  const n = samples.indices === null ? index : samples.indices.indexOf(index);
  if (n < 0 || n >= samples.count)
    throw new FailureError(
      'UsageError',
      `${samples.source} has no sample ${index} that was analysed; run it again.`,
    );

  const { logits, chosen, batch } = await chooseLossOn(analysed, samples, run);
  const { loss, targets, classes } = chosen;
  const width = logits.data.length / samples.count;
  const outputs = logits.data.slice(n * width, (n + 1) * width);
  const objective: Objective = { subject, session, samples, targets, loss, weightDecay: 0 };
  const own = someSamples(objective, n, n + 1);
  const { rows, values: target } = own.targets;
  const weight = weightOf(own);
  const inOwnRows = rows === undefined ? outputs : inRows(outputs, [1, ...logits.dims], rows.classAxis);
  const isSingle = rowsPerSample(targets) === 1;
  const label = isSingle && classes?.length === samples.count ? (classes[n] ?? null) : null;
  const single = { rows: 1, columns: width, data: outputs };
  return {
    kind: 'sample',
    inputs: samples.inputs.map((input) => inputDetail(input, n, samples.count)),
    label,
    predicted: label === null ? null : predictedClass(single, 0),
    target: label === null && isSingle ? [...target.subarray(0, mostValues)] : [],
    loss: weight > 0 ? meanLossOf(loss, inOwnRows, own.targets) / weight : 0,
    outputs: isSingle ? largestOutputs(loss, outputs) : [],
    outputCount: isSingle ? width : 0,
    gradient: await gradientOf(own, batch, run),
  };
}

function inputDetail({ name, dims, data, ...input }: SampleInput, n: number, count: number): InputDetail {
  const size = data.length / count;
  const values = data.subarray(n * size, (n + 1) * size);
  const drawn = samplePicture({ name, dims, data, ...input }, n);
  let [sum, least, greatest] = [0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return {
    name,
    dims,
    picture: drawn?.picture ?? null,
    every: drawn?.every ?? 1,
    mean: sum / size,
    least,
    greatest,
    values: [...values.subarray(0, mostValues)],
  };
}

function largestOutputs(loss: Loss, outputs: Float64Array): OutputDetail[] {
  const kind = losses[loss].targets;
  const probabilities =
    kind === 'distributions' ? softmax(outputs).p : kind === 'probabilities' ? outputs.map(sigmoid) : null;
  return Array.from(outputs, (value, index) => ({
    index,
    value,
    probability: probabilities?.[index] ?? null,
  }))
    .sort((one, other) => other.value - one.value || one.index - other.index)
    .slice(0, mostOutputs);
}

/** How the gradient of the sample's own loss divides among the layers; null where it is 0, or cannot be found for it alone. */
async function gradientOf(
  own: Objective,
  batch: number | null,
  { memoryBudget, threads }: AnalysisRun,
): Promise<SampleDetail['gradient']> {
  for (const each of new Set([batch, writtenBatch(own.subject)])) {
    const options = { precision: 'float64', memoryBudget, threads, batch: each } as const;
    const plan = await planModel(own, options).catch(nullIfRefused);
    const products = plan === null ? null : await HessianProducts.ofPlan(plan, options).catch(nullIfRefused);
    if (products === null) continue;
    const { gradient, layers } = products;
    await products.release();
    const length = norm(gradient);
    if (length === 0) return null;
    const shares = layers.map(({ name, from, to }) => ({
      layer: name,
      share: (norm(gradient.subarray(from, to)) / length) ** 2,
    }));
    return { norm: length / weightOf(own), shares };
  }
  return null;
}

/** What the rows of one sample weigh together. */
function weightOf({ targets }: Objective): number {
  return rowWeights(targets, 0, 1).reduce((sum, each) => sum + each, 0);
}

/** What cannot be differentiated for one sample alone is left out: the rest is told all the same. */
function nullIfRefused(error: unknown): null {
  if (error instanceof FailureError) return null;
  throw error;
}
