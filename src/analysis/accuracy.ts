import type { Targets } from '../curvature/losses';
import type { Matrix } from '../runtime/matrixProducts';
import type { Loss } from '../report/report';
import { argmax } from './modelLabels';

/** Share of the samples whose likeliest class is the label's; null where no single class is meant. */
export function accuracy(loss: Loss, outputs: Matrix, { count, width, values }: Targets): number | null {
  if (loss === 'mean-squared-error' || (loss === 'binary-cross-entropy' && width > 1)) return null;
  let right = 0;
  for (let n = 0; n < count; n++) {
    const z = outputs.data.subarray(n * width, (n + 1) * width);
    const target = values.subarray(n * width, (n + 1) * width);
    if (width === 1 ? z[0]! > 0 === target[0]! > 0.5 : argmax(z) === argmax(target)) right++;
  }
  return right / count;
}
