import type { ElementType, Tensor } from '../graph/graph';

/** What PyTorch's exporter calls a Constant's output; simplifiers turn it into an initialiser of this name. */
const constantName = /(^|\/)Constant(_\d+)?_output_0$/;

/** By how much sin² + cos² may miss 1, by the type that holds them. */
const roundings: Partial<Record<ElementType, number>> = {
  float64: 1e-5,
  float32: 1e-5,
  float16: 4e-3,
  bfloat16: 3e-2,
};
/** Of a float tensor. They are read no further than the answer needs: `detect` looks through all weights of a folder. */
type Numbers = ArrayLike<number>;

/** Numbers other than 0 and ±1 that a table of sines has at least: fewer may be weights by chance, or at their start. */
const fewestOwn = 4;
const narrowestRow = 4;

/**
 * Float initialisers whose numbers say that no training made them: masks, sines and cosines of positions, grids, and what
 * exporters fill in by themselves. A file does not tell them from weights otherwise, where a model keeps them in buffers.
 * @param ofModules whether the file names weights by modules, where no Constant node is one
 */
export function fixedTables(
  initialisers: ReadonlyMap<string, Tensor>,
  ofModules: boolean,
): ReadonlySet<string> {
  const fixed = new Set<string>();
  const rotations = new Map<string, (readonly [name: string, numbers: Numbers])[]>();
  const sines = new Map<Numbers, boolean>();
  const areSines = (numbers: Numbers): boolean => {
    const are = sines.get(numbers) ?? isOfSines(numbers);
    sines.set(numbers, are);
    return are;
  };
  const stored = [...initialisers].some(([name, tensor]) => isStoredWeight(name, tensor));
  for (const [name, tensor] of initialisers) {
    const { type, dims } = tensor;
    const rounding = roundings[type];
    if (rounding === undefined) continue;
    const numbers = tensor.data as Numbers;
    const isMadeUp = (ofModules && isConstantNode(name, tensor)) || (stored && isFill(name, tensor));
    if (isMadeUp || isMask(numbers) || isSinusoid(numbers, dims, rounding) || isGrid(numbers, dims, rounding))
      fixed.add(name);
    else {
      const key = `${type} ${dims.join()}`;
      const others = rotations.get(key) ?? [];
      const partner = others.find(
        ([, other]) =>
          isOne(numbers[0]!, other[0]!, rounding) &&
          areSines(numbers) &&
          areSines(other) &&
          isOnCircle(numbers, other, rounding),
      );
      others.push([name, numbers]);
      rotations.set(key, others);
      if (partner !== undefined) for (const each of [name, partner[0]]) fixed.add(each);
    }
  }
  return fixed;
}

/**
 * Zeros and ones, both, along several axes: a mask where it is added or multiplied. A matrix of them that is multiplied as
 * such may be a weight at its start, and so may a bias, such as that of a forget gate.
 */
export function isBinaryMask({ data, dims }: Tensor): boolean {
  if (dims.filter((dim) => dim > 1).length < 2) return false;
  const seen = [false, false];
  for (const value of data) {
    const number = Number(value);
    if (number !== 0 && number !== 1) return false;
    seen[number] = true;
  }
  return seen.every(Boolean);
}

/** Float numbers, several and all equal: as before any training, or merged, or fixed. */
export function isUniform({ type, data }: Tensor): boolean {
  const [first] = data;
  return (
    roundings[type] !== undefined &&
    data.length > 1 &&
    data.every((value: number | bigint) => value === first)
  );
}

function isConstantNode(name: string, tensor: Tensor): boolean {
  return tensor.isConstantNode === true || constantName.test(name);
}

/** Whether a file keeps weights as initialisers; of others, Paddle's for one, every weight is a Constant node. */
function isStoredWeight(name: string, tensor: Tensor): boolean {
  return roundings[tensor.type] !== undefined && tensor.data.length > 1 && !isConstantNode(name, tensor);
}

/**
 * One number over and over in a Constant node, beside weights that are initialisers: a first hidden state of zeros, or the
 * scale of ones with which an exporter writes one normalisation by another.
 */
function isFill(name: string, tensor: Tensor): boolean {
  return isConstantNode(name, tensor) && (tensor.data.length === 1 || isUniform(tensor));
}

/**
 * An additive mask: one number so low that its exponential is nothing, and zeros; without any, all is masked, and the number
 * must be lower than the bias of a regression may be.
 */
function isMask(numbers: Numbers): boolean {
  let lowest = 0;
  let zeros = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- iterating a typed array takes six times as long
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (number === 0) zeros++;
    else if (lowest === 0 && number <= -80) lowest = number;
    else if (number !== lowest) return false;
  }
  return lowest <= -1e4 || (lowest < 0 && zeros > 0 && numbers.length >= fewestOwn);
}

/** Fewer numbers may be evenly spaced by chance. */
const fewestOfGrid = 8;

/** Evenly spaced numbers in every row: the knots of a spline, say. */
function isGrid(numbers: Numbers, dims: readonly number[], rounding: number): boolean {
  const row = dims.at(-1) ?? 1;
  if (row < narrowestRow || numbers.length < fewestOfGrid) return false;
  for (let start = 0; start < numbers.length; start += row) {
    const [first, last] = [numbers[start]!, numbers[start + row - 1]!];
    const step = (last - first) / (row - 1);
    if (step === 0) return false;
    const most = rounding * Math.max(Math.abs(first), Math.abs(last));
    for (let i = 1; i < row; i++)
      if (!(Math.abs(numbers[start + i]! - first - i * step) <= most)) return false;
  }
  return true;
}

/** Kernels of a convolution have at least so many numbers, and a fixed filter at most so many different ones. */
const fewestOfKernel = 9;
const mostOfFilter = 5;

/**
 * A filter that nobody trained, such as Sobel's, Laplace's or a binomial one: every kernel is made of a few numbers, of
 * which several differ in size. Kernels of zeros and ones are those of an initialisation, too.
 */
export function isFixedFilter({ data, dims }: Tensor): boolean {
  const kernel = dims.slice(2).reduce((size, dim) => size * dim, 1);
  if (kernel < fewestOfKernel) return false;
  const sizes = new Set<number>();
  for (const value of data) {
    sizes.add(Math.abs(Number(value)));
    if (sizes.size > mostOfFilter) return false;
  }
  sizes.delete(0);
  return sizes.size > 1;
}

/** Sines and cosines of one angle in every row, in turns or half and half (Vaswani et al., 2017). */
function isSinusoid(numbers: Numbers, dims: readonly number[], rounding: number): boolean {
  const row = dims.at(-1) ?? 1;
  if (row < narrowestRow || row % 2 !== 0) return false;
  const half = row / 2;
  const isPaired = (first: (pair: number) => number, step: number): boolean => {
    for (let start = 0; start < numbers.length; start += row) {
      for (let pair = 0; pair < half; pair++) {
        const at = start + first(pair);
        if (!isOne(numbers[at]!, numbers[at + step]!, rounding)) return false;
      }
    }
    return true;
  };
  return (isPaired((pair) => 2 * pair, 1) || isPaired((pair) => pair, half)) && isOfSines(numbers);
}

/** The cosines and the sines of a rotary embedding (Su et al., 2021), as tables of their own. */
function isOnCircle(one: Numbers, other: Numbers, rounding: number): boolean {
  for (let i = 0; i < one.length; i++) if (!isOne(one[i]!, other[i]!, rounding)) return false;
  return true;
}

function isOne(cosine: number, sine: number, rounding: number): boolean {
  return Math.abs(cosine * cosine + sine * sine - 1) <= rounding;
}

/** Whether no number is above 1 in size, and some are not 0 or ±1: scales of 1 and shifts of 0 lie on a circle, too. */
function isOfSines(numbers: Numbers): boolean {
  let own = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- iterating a typed array takes six times as long
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i]!);
    if (!(size <= 1 + 1e-6)) return false;
    if (size !== 0 && size !== 1) own++;
  }
  return own >= fewestOwn;
}
