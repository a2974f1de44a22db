import type { LoweredModel } from '../graph/lowering/lowerGraph';
import { add, mul } from '../graph/static/elementwise';
import { reduceSum } from '../graph/static/linear';
import { reshape, transpose } from '../graph/static/shape';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import { lossGradient } from '../loss/losses';
import type { Loss } from '../report/report';
import { cotangentsOf, tangentsOf } from './derivatives';
import type { Rules } from './rules/rules';
import { rules } from './rules/rules';
import { regroup } from './regroup';
import { zeros } from './rules/shape';

/** Everything that is computed for one batch, as values of one static graph. */
export interface CurvatureGraphs {
  readonly model: LoweredModel;
  /** B × C: B samples, or their rows. */
  readonly outputs: Value;
  readonly targets: Value;
  readonly weights: Value;
  /** Everything that changes with the batch: the inputs of the model and of the loss. */
  readonly samples: readonly Value[];
  readonly parameters: readonly Value[];
  /** The direction v, one value for each parameter. */
  readonly directions: readonly Value[];
  /** ∇L, one value for each parameter. */
  readonly gradient: readonly Value[];
  /** ∇²L·v: the tangent of the gradient along v, forward over reverse. */
  readonly hessianProduct: readonly Value[];
  /** Jᵀ (∇²_z L) J v: the tangent of the outputs, the loss's own Hessian, and back; made when it is wanted. */
  readonly gaussNewtonProduct: () => readonly Value[];
  /** B rows: ω_n · vᵀ∇²ℓ_n v, from two forward tangents along v; made when it is wanted. */
  readonly rowCurvatures: () => Value;
}

/**
 * @param width number of outputs C of a row
 * @param parameters in the order of the flat vector
 * @param table the rules; the tests give wrong ones to see that the check at run time finds them
 * @param classAxis the axis of the output along which its rows lie, where a sample has several
 * @param weighsNumbers whether every output of a row has a weight of its own
 */
export function buildCurvatureGraphs(
  model: LoweredModel,
  {
    loss,
    width,
    parameters,
    table = rules,
    classAxis = null,
    weighsNumbers = false,
  }: {
    readonly loss: Loss;
    readonly width: number;
    readonly parameters: readonly Value[];
    readonly table?: Rules;
    readonly classAxis?: number | null;
    readonly weighsNumbers?: boolean;
  },
): CurvatureGraphs {
  const { g } = model;
  const outputs = outputAsRows(g, model.output, width, classAxis);
  const [count = 0] = outputs.dims;
  const targets = g.input('targets', [count, width], 'real');
  const weights = g.input('weights', [weighsNumbers ? count * width : count], 'real');
  const samples = [...model.inputs.values(), ...model.computed.values(), targets, weights];
  const directions = parameters.map(({ dims }, i) => g.input(`direction ${i}`, dims, 'real'));
  const along = new Map(parameters.map((parameter, i) => [parameter, directions[i] ?? parameter]));
  const orZero = (values: readonly (Value | null)[]): Value[] =>
    parameters.map(({ dims }, i) => values[i] ?? zeros(g, dims));

  const atOutputs = lossGradient(g, loss, outputs, targets, weights);
  const back = (cotangent: Value): Value[] =>
    orZero(cotangentsOf(g, new Map([[outputs, cotangent]]), parameters, table));
  const gradient = back(atOutputs);
  const hessianProduct = regroup(g, orZero(tangentsOf(g, gradient, along, table)), directions, samples);
  const gaussNewtonProduct = (): readonly Value[] => {
    const [moved = null] = tangentsOf(g, [outputs], along, table);
    const [turned = null] =
      moved === null ? [] : tangentsOf(g, [atOutputs], new Map([[outputs, moved]]), table);
    return regroup(g, turned === null ? orZero([]) : back(turned), directions, samples);
  };
  // d²ℓ/dt² of ℓ(z(θ + tv)) is żᵀ ∇²_z ℓ ż + ∇_z ℓ · z̈.
  const rowCurvatures = (): Value => {
    const [moved = null] = tangentsOf(g, [outputs], along, table);
    if (moved === null) return zeros(g, [count]);
    const [turned = null] = tangentsOf(g, [atOutputs], new Map([[outputs, moved]]), table);
    const [bent = null] = tangentsOf(g, [moved], along, table);
    const parts = [
      ...(turned === null ? [] : [mul(g, moved, turned)]),
      ...(bent === null ? [] : [mul(g, atOutputs, bent)]),
    ];
    const [first = zeros(g, outputs.dims), second] = parts;
    return reshape(g, reduceSum(g, second === undefined ? first : add(g, first, second), [1]), [count]);
  };
  return {
    model,
    outputs,
    targets,
    weights,
    samples,
    parameters,
    directions,
    gradient,
    hessianProduct,
    gaussNewtonProduct,
    rowCurvatures,
  };
}

/** An output as rows. @param width of a row @returns (N · rows of a sample) × width */
function outputAsRows(g: StaticGraph, output: Value, width: number, classAxis: number | null): Value {
  const others = output.dims.flatMap((_, axis) => (axis === classAxis ? [] : [axis]));
  const ordered = classAxis === null ? output : transpose(g, output, [...others, classAxis]);
  return reshape(g, ordered, [sizeOf(output.dims) / width, width]);
}
