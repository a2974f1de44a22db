import { add, div, magnitude, mul, neg, sub, unary } from '../static/elementwise';
import { gather, softmax } from '../static/indexing';
import { matmul, reduceSum } from '../static/linear';
import { concat, reshape } from '../static/shape';
import type { Value } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

/** (x − offset) · scale, by feature or by one number. */
function lowerScaler(n: LoweredNode): Value {
  const { g } = n;
  const numbers = (name: string): Value => {
    const list = n.floats(name) ?? [];
    if (list.length === 0) throw new CannotLower(`has no ${name}`);
    return g.constant(Float64Array.from(list), [list.length]);
  };
  return mul(g, sub(g, realInput(n, 0), numbers('offset')), numbers('scale'));
}

/** W x + b; the reader has made inputs of the attributes that hold them. */
function scores(n: LoweredNode): Value {
  const x = realInput(n, 0);
  if (!n.hasInput(1) || x.dims.length !== 2) throw new CannotLower('has weights that do not fit its input');
  const product = matmul(n.g, x, realInput(n, 1), false, true);
  const bias = n.optional(2);
  return bias === null ? product : add(n.g, product, bias);
}

function transform(n: LoweredNode, z: Value): Value {
  const transform = n.text('post_transform', 'NONE');
  switch (transform) {
    case 'NONE':
      return z;
    case 'SOFTMAX':
      return softmax(n.g, z, false);
    case 'LOGISTIC':
      return unary(n.g, 'sigmoid', z);
    default:
      throw new CannotLower(`transforms its scores by ${transform}`);
  }
}

/** Labels and scores; of one row of weights, those of both classes. */
function lowerLinearClassifier(n: LoweredNode): readonly Value[] {
  const { g } = n;
  const z = scores(n);
  const [count = 0, rows = 0] = z.dims;
  const [, classes = rows] = n.outputDims(1);
  if (rows !== classes && n.text('post_transform', 'NONE') !== 'LOGISTIC') {
    throw new CannotLower('has one row of weights for two classes, and no sigmoid');
  }
  const probabilities = transform(n, rows === classes ? z : concat(g, [neg(g, z), z], 1));
  const best = reshape(g, g.make({ kind: 'argMax', axis: 1 }, [probabilities], [count, 1], 'int64'), [count]);
  // Names of classes hold no numbers: their positions stand for them.
  const labels = n.ints('classlabels_ints');
  const named =
    labels === null ? best : gather(g, g.constant(BigInt64Array.from(labels, BigInt), [labels.length]), best);
  return [named, probabilities];
}

/** Every row over its largest number, the sum of its numbers' sizes, or its length. */
function lowerNormalizer(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const axes = [x.dims.length - 1];
  switch (n.text('norm', 'MAX')) {
    case 'L1':
      return div(g, x, reduceSum(g, magnitude(g, x), axes));
    case 'L2':
      return div(g, x, unary(g, 'sqrt', reduceSum(g, mul(g, x, x), axes)));
    default:
      throw new CannotLower('divides by the largest number of a row');
  }
}

export const classicalLowerings = {
  'ai.onnx.ml::Scaler': lowerScaler,
  'ai.onnx.ml::Normalizer': lowerNormalizer,
  'ai.onnx.ml::LinearClassifier': lowerLinearClassifier,
  'ai.onnx.ml::LinearRegressor': (n) => transform(n, scores(n)),
} satisfies LoweringTable;

/** The logits of a lowered softmax or sigmoid: what it is taken of, of both classes' sigmoids that of the second. */
export function beforeHead(output: Value): Value {
  const { operation, inputs } = output;
  const isHead =
    operation.kind === 'softmax' || (operation.kind === 'unary' && operation.function === 'sigmoid');
  const [logits] = inputs;
  if (!isHead || logits === undefined) throw new RangeError('No head to take off');
  const [negative, own] = logits.operation.kind === 'concat' ? logits.inputs : [];
  const isPair =
    negative?.operation.kind === 'unary' &&
    negative.operation.function === 'neg' &&
    negative.inputs[0] === own;
  return isPair && own !== undefined ? own : logits;
}
