import { FailureError } from '../../report/failure';
import type { AffineLayer, Perceptron } from '../perceptron';
import { CurvatureFeatures } from './curvatureFeatures';
import { augmentedWidth } from './sampleTile';
import { byteSize } from '../../report/wording/byteSize';
import { formatCount } from '../../report/wording/number';
import { setting } from '../../report/wording/settings';

/** One block of the Hessian, m ≥ l, and the form that takes fewer multiply-adds for it. */
export interface PlannedBlock {
  readonly m: number;
  readonly l: number;
  readonly form: 'dual' | 'primal';
  readonly multiplyAdds: number;
}

/** How the closed form will be done: it follows from the shapes and the budget alone. */
export interface ClosedFormPlan {
  readonly blocks: readonly PlannedBlock[];
  /** Whether what every sample brings is wanted: the primal form takes a second pass for it. */
  readonly sampleRows: boolean;
  /** Whether the slopes by the layers' scales are wanted: of primal blocks alone, a third pass where a weight moves the inputs. */
  readonly sensitivities: boolean;
  /** Samples that are held at once. */
  readonly tileSize: number;
  /** Samples whose features are made at once for the primal form. */
  readonly runSize: number;
  /** Bytes of one piece of features. */
  readonly pieceBytes: number;
  /** Multiply-adds of all blocks and the Gram matrices. */
  readonly multiplyAdds: number;
  /** The largest working set, with what stands of all samples. */
  readonly bytes: number;
}

export interface PlanOptions {
  readonly sampleRows?: boolean;
  /** The primal form for every block, which brings the hidden units' rows. */
  readonly allPrimal?: boolean;
  /** The layers' sensitivities; they take the primal form. */
  readonly sensitivities?: boolean;
}

const mebibyte = 1024 ** 2;

/** Features that are made at once: they are read again from the cache. */
const runBytes = 4 * mebibyte;

/** Samples that are taken at once at least: adding their sum costs as much as the products of a few samples. */
const leastSamples = 128;

/**
 * Of a sample, for every output: what the model, the perceptron and the loss give for it, and its target. For every input:
 * as it was read.
 */
const numbersOfOutput = 5;

/** Pieces beyond this do not make the products faster. */
const largestPiece = 64 * mebibyte;

/**
 * Chooses dual or primal for every block by its count of multiply-adds (math.md 3), and the largest tile of samples
 * that the budget holds.
 * @throws FailureError TooLarge where not even one sample at a time fits
 */
export function planClosedForm(
  perceptron: Perceptron,
  samples: number,
  memoryBudget: number,
  { sampleRows = true, allPrimal = false, sensitivities = false }: PlanOptions = {},
): ClosedFormPlan {
  const { layers } = perceptron;
  const blocks: PlannedBlock[] = [];
  for (let l = 0; l < layers.length; l++) {
    for (let m = l; m < layers.length; m++) {
      const counts = multiplyAddsOf(perceptron, samples, m, l);
      const passes = sensitivities ? (m === 0 ? 2 : 3) : sampleRows ? 2 : 1;
      const primal = passes * counts.primal;
      const form = counts.dual < primal && !allPrimal && !sensitivities ? 'dual' : 'primal';
      blocks.push({ m, l, form, multiplyAdds: form === 'dual' ? counts.dual : primal });
    }
  }
  const dualLayers = new Set(blocks.filter(({ form }) => form === 'dual').flatMap(({ m, l }) => [m, l]));
  let multiplyAdds = blocks.reduce((sum, block) => sum + block.multiplyAdds, 0);
  for (const l of dualLayers) multiplyAdds += 0.5 * samples * samples * augmentedWidth(layers[l]!);

  const pieceBytes = Math.min(largestPiece, memoryBudget / 16);
  const perSample =
    8 *
    CurvatureFeatures.numbersPerSample(
      layers.map(({ outputs }) => outputs),
      layers[0]!.inputs,
    );
  const runOf = (tile: number): number =>
    Math.min(tile, Math.max(leastSamples, Math.floor(runBytes / perSample)));
  const weights = 8 * layers.reduce((sum, { weight }) => sum + weight.length, 0);
  // With the rows of every block, and of the whole; and the losses.
  const ofSample =
    layers[0]!.inputs + numbersOfOutput * layers[layers.length - 1]!.outputs + blocks.length + 2;
  const held = 8 * samples * ofSample;
  // A pair of tiles holds two sets of features, sensitivities one of every layer's scale; the sums over pairs are one Gram
  // matrix a layer and up to six more.
  const bytes = (tile: number): number =>
    held +
    weights +
    8 * Math.min(pieceBytes, 8 * largestPieceOf(layers, blocks, tile)) +
    (tile < samples ? 2 : 1) * tile * perSample +
    (sensitivities ? layers.length * runOf(tile) * perSample : 0) +
    (dualLayers.size > 0 ? 8 * tile * tile * (dualLayers.size + 6) : 0);
  let tileSize = samples;
  while (tileSize > 1 && bytes(tileSize) > memoryBudget) tileSize = Math.ceil(tileSize / 2);
  if (bytes(tileSize) > memoryBudget) {
    const most = Math.floor((memoryBudget - (bytes(1) - held)) / (8 * ofSample));
    const fewer = most >= 1 ? `take at most ${formatCount(most)} samples with ${setting('limit')}, or ` : '';
    throw new FailureError(
      'TooLarge',
      `The closed form needs at least ${byteSize(bytes(1))} for ${formatCount(samples)} samples, ${byteSize(held)} of it to hold them, more than the ${byteSize(memoryBudget)} allowed; ${fewer}allow more with ${setting('memory')}.`,
    );
  }
  return {
    blocks,
    sampleRows,
    sensitivities,
    tileSize,
    runSize: runOf(tileSize),
    pieceBytes,
    multiplyAdds,
    bytes: bytes(tileSize),
  };
}

/** Numbers in the largest piece of features or sums that a block would have if no piece were bounded. */
function largestPieceOf(
  layers: readonly AffineLayer[],
  blocks: readonly PlannedBlock[],
  tile: number,
): number {
  const numbers = blocks.map(({ m, l, form }) => {
    const [upper, lower] = [layers[m]!, layers[l]!];
    const [d, inputs] = [lower.outputs, augmentedWidth(lower)];
    if (form === 'dual') return tile * (m === l ? d : upper.outputs + upper.inputs) * d;
    if (m === l) return ((inputs * (inputs + 1)) / 2) * Math.max(tile, (d * (d + 1)) / 2);
    const inner = augmentedWidth(upper);
    return Math.max(tile * (upper.outputs * d + inner * inputs), upper.outputs * inner * d * inputs);
  });
  return Math.max(...numbers);
}

/** One pass of either form; the samples' rows of the primal sums take a second one. */
function multiplyAddsOf(
  { layers }: Perceptron,
  samples: number,
  m: number,
  l: number,
): { dual: number; primal: number } {
  const [upper, lower] = [layers[m]!, layers[l]!];
  const [d, inputs] = [lower.outputs, augmentedWidth(lower)];
  if (m === l) {
    return {
      dual: 0.25 * samples * samples * d * (d + 1),
      primal: 0.25 * samples * d * (d + 1) * inputs * (inputs + 1),
    };
  }
  const adjacent = m === l + 1;
  const height = adjacent ? upper.outputs : upper.outputs + upper.inputs;
  return {
    dual: 1.5 * samples * samples * height * d,
    primal: samples * upper.outputs * d * inputs * (augmentedWidth(upper) + (adjacent ? 1 : upper.inputs)),
  };
}
