import { vectorBytes, requireVectors } from '../autodiff/plannedModel';
import { readModelOutline } from '../formats/readModel';
import { sizeOf } from '../graph/static/value';
import { operatorOf } from '../graph/operators';
import type { AnalysisRequest } from '../report/request';
import { isUniform } from '../subject/fixedTables';
import type { Parameter } from '../subject/parameters';
import { findSubject } from '../subject/subject';
import { subjectChoice } from './analysedModel';

/** What the weights of a perceptron are used by: it may have a closed form, which needs no products. */
const ofPerceptrons = /Gemm|MatMul|^Add$/;

/**
 * Refuses a model of more parameters than the memory has room for, as planning its products would, before its weights are read.
 * What is wrong with the file, or not certain before, is left to those who read it.
 * @throws FailureError TooLarge
 */
export async function refuseUnread(request: AnalysisRequest, memoryBudget: number): Promise<void> {
  if (request.method === 'closed-form') return;
  const most = Math.floor(memoryBudget / vectorBytes(1));
  const order = await leastOrder(request, most).catch(() => 0);
  requireVectors(order, memoryBudget, 'at least');
}

async function leastOrder(request: AnalysisRequest, most: number): Promise<number> {
  const outline = await readModelOutline(request.model, most);
  if (outline === null) return 0;
  const { parameters } = findSubject(outline, subjectChoice(request));
  const mayBeClosed = parameters.every(({ node }) => ofPerceptrons.test(node.operator));
  if (request.method === 'auto' && mayBeClosed) return 0;
  const certain = parameters.filter(
    ({ node, tensor }, at) =>
      operatorOf(node).broadcasts !== true &&
      !isUniform(tensor) &&
      !parameters.slice(0, at).some((other) => mayBeTransposed(other, tensor)),
  );
  return certain.reduce((sum, { tensor }) => sum + sizeOf(tensor.dims), 0);
}

/** Whether what is known of two tensors leaves it open that the one is the other transposed, and counts no more. */
function mayBeTransposed({ tensor: { dims, data } }: Parameter, other: Parameter['tensor']): boolean {
  return (
    dims.length === 2 &&
    dims.join() === other.dims.toReversed().join() &&
    data[0] === other.data[0] &&
    data.at(-1) === other.data.at(-1)
  );
}
