import type { ElementType, Graph, GraphNode, Tensor } from '../../graph/graph';
import type { Activation } from '../activation';
import type { ScaleAndShift } from '../perceptron';
import type { Expression } from './expression';

/** A tensor that does not depend on the samples. */
export interface Constant {
  readonly kind: 'constant';
  readonly tensor: Tensor;
  /** The initialiser whose numbers these are, each once, in whatever order; null: they were computed from others. */
  readonly initialiser: string | null;
}

/** A tensor that does not depend on the samples and is not computed here; whoever needs it names the node. */
export interface UnknownConstant {
  readonly kind: 'unknown';
  readonly node: GraphNode;
}

/** An entry of a shape: a size, the number of samples, or null where it is not known. */
export type ShapeEntry = number | 'batch' | null;

/** A shape, or a part of one, that the graph computes from a tensor of features. */
export interface ShapeVector {
  readonly kind: 'shape';
  readonly entries: readonly ShapeEntry[];
  /** A scalar (one entry) rather than a vector. */
  readonly scalar: boolean;
}

/** The samples after fixed preprocessing: scale · x + shift, by the index in the flattened sample; a number: the same for all. */
export interface InputStage {
  readonly kind: 'input';
  readonly scale: number | Float64Array;
  readonly shift: number | Float64Array;
}

/** A fixed scale and shift of every unit, by the index of the unit. */
export interface Normalisation extends ScaleAndShift {
  /** Written out as Mul and Add, to which more of the same may follow, or one operator. */
  readonly form: 'elementwise' | 'operator';
  /** A shift without any scale so far, which may as well be a second bias; to name in a refusal. */
  readonly loneShift: GraphNode | null;
}

/** The units of a layer: an elementwise function of its pre-activations, normalised before and after it. */
export interface UnitStage {
  readonly kind: 'units';
  readonly affine: Affine;
  /** What `expression` is a function of: the pre-activations, scaled and shifted; null: as they are. */
  readonly normalisation: Normalisation | null;
  readonly expression: Expression;
  /** What follows the expression, which no more functions may be applied to then. */
  readonly outputNormalisation: Normalisation | null;
}

/** A layer whose activation is known. */
export interface ClosedLayer {
  readonly affine: Affine;
  readonly normalisation: ScaleAndShift | null;
  readonly activation: Activation;
  readonly outputNormalisation: ScaleAndShift | null;
}

/** A tensor with one row per sample. */
export interface Features<Stage extends InputStage | UnitStage = InputStage | UnitStage> {
  readonly kind: 'features';
  readonly type: ElementType;
  /** Dimensions after the first, which counts the samples; null: rank unknown. */
  readonly dims: readonly (number | null)[] | null;
  /** Which feature stands at a position of the flattened row; null: in order. */
  readonly order: Int32Array | null;
  readonly stage: Stage;
  /** Where it was computed, to name in a refusal; null: the graph input. */
  readonly node: GraphNode | null;
}

/** z = W a + b, a what the layer before (or the preprocessing) makes. */
export interface Affine {
  readonly previous: ClosedLayer | InputStage;
  readonly node: GraphNode;
  readonly inputs: number;
  readonly outputs: number;
  /** outputs × inputs, row-major, columns in the order of the features. */
  readonly weight: Float64Array;
  readonly weightName: string;
  readonly bias: { readonly values: Float64Array; readonly name: string; readonly node: GraphNode } | null;
}

export type HeadKind = 'softmax' | 'sigmoid';

/** What a head makes of the logits: probabilities, or tables and labels made from them. */
export interface Prediction {
  readonly kind: 'prediction';
  readonly head: HeadKind | 'none';
  readonly logits: Features<UnitStage>;
  /** The graph's name of the logits. */
  readonly logitsName: string;
  /** False where one operator computes logits and head (LinearClassifier) and `logitsName` is what it puts out. */
  readonly logitsInGraph: boolean;
}

/** A step of a softmax that is written out: max, x − max, exp(x − max), Σ exp(x − max). */
export interface SoftmaxStep {
  readonly kind: 'softmaxStep';
  readonly step: 'maximum' | 'centred' | 'exponential' | 'sum';
  readonly logits: Features<UnitStage>;
  readonly logitsName: string;
}

export type Value = Constant | UnknownConstant | ShapeVector | Features | Prediction | SoftmaxStep;

/** What a rule is given: the node, and what its inputs are. */
export interface Step {
  readonly graph: Graph;
  readonly node: GraphNode;
  /** The operator set of the node's domain. */
  readonly opset: number;
  /** The number of samples that the file fixes, or null. */
  readonly fixedBatch: number | null;
  /** By position; null: omitted. */
  readonly inputs: readonly (Value | null)[];
  /** Numbers that may still be computed for constants. */
  readonly budget: { numbers: number };
  /** Sentences for the user, collected over the graph. */
  readonly notes: Set<string>;
}

/** Number of features, or null where a dimension is not known. */
export function featureCount(dims: readonly (number | null)[] | null): number | null {
  if (dims === null) return null;
  let count = 1;
  for (const size of dims) {
    if (size === null) return null;
    count *= size;
  }
  return count;
}

/** Whether two tensors hold the same layer at the same point of its normalisation, so that their expressions compare. */
export function sameUnits(a: UnitStage, b: UnitStage): boolean {
  return (
    a.affine === b.affine &&
    a.normalisation === b.normalisation &&
    a.outputNormalisation === b.outputNormalisation
  );
}
