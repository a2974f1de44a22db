import { isFloat, type Weights } from '../weights/weights';

/** What the shapes of a convolution's tensors tell. */
export interface Convolution {
  readonly kernel: readonly number[];
  readonly isTransposed: boolean;
  /** Channels, and into how many groups they fall as far as that is told. */
  readonly into: number;
  readonly out: number;
  readonly groups: number;
}

const transposedName = /deconv|transpos|tconv|conv_?t\b|up_?conv|upsampl/i;

/**
 * A convolution by its shapes. Of a transposed one the weight has the input's channels first; its bias, or the normalisation
 * behind it, then has another length than its first axis.
 * @param before how many channels it gets; null: not known
 * @param behind how many numbers the normalisation behind it has for each sample; null: there is none
 */
export function convolutionOf(
  name: string,
  weights: Weights,
  before: number | null,
  behind: number | null,
): Convolution | null {
  const dims = (tensor: string): readonly number[] | null => {
    const found = weights.get(name === '' ? tensor : `${name}.${tensor}`);
    return found === undefined || !isFloat(found.type) ? null : found.dims;
  };
  const [first = 0, second = 0, ...kernel] = dims('weight') ?? [];
  if (kernel.length === 0) return null;
  const told = dims('bias')?.[0] ?? behind;
  const isUndecided = told === null || (told === first && first === second);
  const isTransposed = isUndecided ? transposedName.test(name) : told !== first && told % second === 0;
  const into = isTransposed ? first : second;
  const many = isTransposed ? (told ?? second) / second : (before ?? into) / into;
  const groups = Number.isInteger(many) && first % many === 0 ? many : 1;
  return isTransposed
    ? { kernel, isTransposed, into, out: second * groups, groups }
    : { kernel, isTransposed, into: into * groups, out: first, groups };
}
