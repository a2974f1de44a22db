import { add, mul, rectify, scale, unary } from '../static/elementwise';
import { gather } from '../static/indexing';
import { reduceSum } from '../static/linear';
import { range, reshape, swapLastTwo, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { gelu, hardSigmoid, leaky } from './activations';
import { contributedAttentionLowerings } from './contributedAttention';
import { lowerConv } from './convolution';
import { clamp, realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';
import { affine, rootMeanSquared, standardise } from './normalisation';
import { lowerGemm, productOf } from './products';

/*
 * Operators of the domain com.microsoft, which onnxruntime's optimisers put in the place of several of ONNX's own
 * (onnxruntime, docs/ContribOperators.md).
 */

/** The input with the bias that some of these operators add to it first. */
function biased(n: LoweredNode): Value {
  const bias = n.optional(1);
  return bias === null ? realInput(n, 0) : add(n.g, realInput(n, 0), bias);
}

function quickGelu(n: LoweredNode): Value {
  const x = realInput(n, 0);
  return mul(n.g, x, unary(n.g, 'sigmoid', scale(n.g, x, n.float('alpha', 1.702))));
}

/** onnxruntime's own ε, where a node has none. */
const skipEpsilon = 1e-12;

/** The sum of the input, what skipped a block, and a bias; outputs: normalised, mean, deviation, the sum. */
function lowerSkipNormalization(
  n: LoweredNode,
  normalise: (g: StaticGraph, x: Value, axes: readonly number[], epsilon: number) => Value,
  shift: Value | null,
  bias: Value | null,
): readonly Value[] {
  if (n.hasOutput(1) || n.hasOutput(2)) throw new CannotLower('gives its mean and deviation');
  const { g } = n;
  const joined = add(g, realInput(n, 0), realInput(n, 1));
  const sum = bias === null ? joined : add(g, joined, bias);
  const standard = normalise(g, sum, [sum.dims.length - 1], n.float('epsilon', skipEpsilon));
  const normalised = affine(n, standard, realInput(n, 2), shift);
  return n.hasOutput(3) ? [normalised, normalised, normalised, sum] : [normalised];
}

/** The embeddings of words, positions and segments, summed and normalised; outputs: that, lengths, the sum. */
function lowerEmbedding(n: LoweredNode): readonly Value[] {
  const { g } = n;
  const words = n.input(0);
  const [count = 0, length = 0] = words.dims;
  const [wordTable, positionTable] = [realInput(n, 2), realInput(n, 3)];
  const segmentTable = n.optional(4);
  const positions = n.optional(8);
  const placed =
    positions === null ? range(g, positionTable, 0, 0, length) : gather(g, positionTable, positions);
  const located = add(g, gather(g, wordTable, words), placed);
  const sum = segmentTable === null ? located : add(g, located, gather(g, segmentTable, n.input(1)));
  const standard = standardise(g, sum, [2], n.float('epsilon', skipEpsilon));
  const mask = n.optional(7);
  const lengths =
    mask === null
      ? g.constant(new BigInt64Array(count), [count])
      : reshape(g, reduceSum(g, mask, [1]), [count]);
  return [affine(n, standard, realInput(n, 5), realInput(n, 6)), lengths, sum];
}

/** op(A)·op(B)·α; with transBatch the first axis goes behind the batch's first. */
function lowerFusedMatMul(n: LoweredNode): Value {
  const operand = (index: number, letter: string): Value => {
    const x = realInput(n, index);
    const rank = x.dims.length;
    if (rank < 2) return x;
    const middle = Array.from({ length: rank - 2 }, (_, i) => i + 1);
    const batched = n.int(`transBatch${letter}`, 0) === 0 ? x : transpose(n.g, x, [...middle, 0, rank - 1]);
    return n.int(`trans${letter}`, 0) === 0 ? batched : swapLastTwo(n.g, batched);
  };
  return scale(n.g, productOf(n, operand(0, 'A'), operand(1, 'B')), n.float('alpha', 1));
}

/** The largest float32, about, which stands for no bound. */
const largestBound = 3e38;

/** The activation that was fused into a node, with up to two numbers of its own. */
function fusedActivation(n: LoweredNode, x: Value, first: number | null, second: number | null): Value {
  const { g } = n;
  const name = n.text('activation', '');
  switch (name) {
    case '':
      return x;
    case 'Relu':
      return rectify(g, x);
    case 'Tanh':
      return unary(g, 'tanh', x);
    case 'Sigmoid':
      return unary(g, 'sigmoid', x);
    case 'LeakyRelu':
      return leaky(g, x, first ?? 0.01);
    case 'HardSigmoid':
      return hardSigmoid(g, x, first ?? 0.2, second ?? 0.5);
    case 'Clip':
      return clamp(g, x, bound(g, first), bound(g, second));
    default:
      throw new CannotLower(`has the activation ${name} fused into it, which has no derivative here`);
  }
}

function bound(g: StaticGraph, value: number | null): Value | null {
  return value === null || Math.abs(value) > largestBound ? null : g.scalar(value);
}

function lowerFusedGemm(n: LoweredNode): Value {
  return fusedActivation(
    n,
    lowerGemm(n),
    n.optionalFloat('activation_alpha'),
    n.optionalFloat('activation_beta'),
  );
}

function lowerFusedConv(n: LoweredNode): Value {
  const maps = lowerConv(n);
  const summand = n.optional(3);
  const [first = null, second = null] = n.floats('activation_params') ?? [];
  return fusedActivation(n, summand === null ? maps : add(n.g, maps, summand), first, second);
}

export const contributedLowerings = {
  ...contributedAttentionLowerings,
  'com.microsoft::Gelu': (n) => gelu(n.g, realInput(n, 0), false),
  'com.microsoft::BiasGelu': (n) => gelu(n.g, biased(n), false),
  'com.microsoft::FastGelu': (n) => gelu(n.g, biased(n), true),
  'com.microsoft::QuickGelu': quickGelu,
  'com.microsoft::SkipLayerNormalization': (n) =>
    lowerSkipNormalization(n, standardise, n.optional(3), n.optional(4)),
  'com.microsoft::SkipSimplifiedLayerNormalization': (n) =>
    lowerSkipNormalization(n, rootMeanSquared, null, n.optional(3)),
  'com.microsoft::EmbedLayerNormalization': lowerEmbedding,
  'com.microsoft::FusedMatMul': lowerFusedMatMul,
  'com.microsoft::FusedGemm': lowerFusedGemm,
  'com.microsoft::FusedConv': lowerFusedConv,
} satisfies LoweringTable;
