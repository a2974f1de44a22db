import * as v from 'valibot';
import { count, describe, list, notNegative, number, object, quantity, share } from './schemaValues';

/**
 * "spectrum": from all eigenvalues, to their rounding. "proved": true of every matrix of this trace and norm.
 * "probabilistic": true but for unlucky starts of Lanczos.
 */
export const eigenvalueKind = v.picklist(['spectrum', 'proved', 'probabilistic']);

const sampleShare = object({
  index: count,
  label: v.nullable(number),
  predicted: v.nullable(number),
  loss: number,
  /** Share of F² of the sample's row of pairs, or of a λ_max. */
  share,
});

export const layer = object({
  name: v.string(),
  /** The operator as a person names it: "Linear", "Conv", … */
  kind: v.string(),
  parameters: count,
  inputs: count,
  outputs: count,
  /** Frobenius norm of the weight, the bias not counted. */
  weightNorm: notNegative,
  /** Trace of the layer's own Hessian block. */
  trace: quantity,
  /** ‖H_ll‖_F². */
  ownCurvature: describe(v.nullable(quantity), "Squared Frobenius norm of the layer's own block."),
  /** Σ_{m≠l} ‖H_lm‖_F². */
  coupling: describe(v.nullable(quantity), 'Sum of the squared norms of its blocks with other layers.'),
  contribution: describe(
    quantity,
    'Additive share of the upper bound; may be negative; the layers sum to the bound.',
  ),
  /** Upper bound on the largest eigenvalue of the layer's own block. */
  blockUpperBound: v.nullable(quantity),
  /** Relative change of the bound per relative change of the weight's scale. */
  elasticity: v.nullable(number),
  /** Share of F² of each hidden unit that the layer feeds. */
  units: v.nullable(list(share)),
  /** ‖v_l‖², v the unit eigenvector of λ_max; null where λ_max is not certified, or v not known well enough. */
  sharpestShare: describe(
    v.nullable(v.pipe(number, v.minValue(0), v.maxValue(1))),
    'Share of the sharpest direction: the squared norm of the layer’s part of its unit vector; the layers sum to 1.',
  ),
  sharpestUnits: describe(
    v.nullable(list(share)),
    'Of the sharpest direction, by the layer’s outputs: in the weights into each; null where they are too many, or not known.',
  ),
  sharpestInputs: describe(v.nullable(list(share)), 'The same by its inputs: in the weights from each.'),
  lambdaMax: describe(
    v.nullable(object({ lower: number, upper: number, kind: eigenvalueKind })),
    'λ_max of the layer’s own block, as if all other layers were frozen; null where it was not looked for.',
  ),
  sharpestSamples: v.exactOptional(
    describe(
      list(sampleShare),
      'The samples that carry most of that λ_max: shares of Σ vᵀH_n v along a direction v whose curvature is it, to the precision of its interval; absent where it is not known.',
    ),
  ),
});

export const orthogonality = object({
  crossSampleShare: describe(share, 'Share of F² from pairs of different samples.'),
  /** null where no single class is meant, or none was drawn. */
  classes: describe(v.nullable(list(number)), 'The class of each row of the Gram pictures.'),
  layers: list(
    object({
      /** Share of the layer's Σ_m ‖H_lm‖_F² that comes from pairs of different samples. */
      crossSampleShare: share,
      /** Cosines between the layer's inputs of at most 64 samples, ordered by class; null where not drawn. */
      gram: v.nullable(list(list(number))),
    }),
  ),
});

const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));

/** A sample as a small picture, for samples that are one. */
const picture = object({
  width: side,
  height: side,
  /** 1: grey; 3: red, green, blue. */
  channels: v.picklist([1, 3]),
  pixels: describe(
    list(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
    'Height × width × channels; 0 and 255 are the extremes of all shown samples.',
  ),
});

export const topSample = object({
  ...sampleShare.entries,
  /** null where the sample is no picture of at most 64 × 64. */
  picture: v.nullable(picture),
});
