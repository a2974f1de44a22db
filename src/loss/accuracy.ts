import type { Loss } from '../report/report';
import type { Matrix } from '../runtime/matrixProducts';
import { losses } from './losses';
import { argmax } from './probabilities';
import type { Targets } from './targets';

/** The class that every row of targets stands for (the likeliest one of a soft row); null where no single class is meant. */
export function classesOf(loss: Loss, { width, values }: Targets): Int32Array | null {
  const kind = losses[loss].targets;
  if (kind === 'numbers' || (kind === 'probabilities' && width > 1)) return null;
  return Int32Array.from({ length: values.length / width }, (_, n) =>
    width === 1 ? Number(values[n]! > 0.5) : argmax(values.subarray(n * width, (n + 1) * width)),
  );
}

/** The class that the outputs of one sample say: the likeliest, or for a single logit 1 where it is positive. */
export function predictedClass(outputs: Matrix, n: number): number {
  const z = outputs.data.subarray(n * outputs.columns, (n + 1) * outputs.columns);
  return z.length === 1 ? Number(z[0]! > 0) : argmax(z);
}

/** Share of the samples with a class whose predicted class is the label's; null where no single class is meant. */
export function accuracy(outputs: Matrix, classes: Int32Array | null): number | null {
  if (classes === null) return null;
  let right = 0;
  classes.forEach((label, n) => (right += Number(predictedClass(outputs, n) === label)));
  return right / classes.filter((label) => label >= 0).length;
}
