import type { ElementType, Tensor } from '../../graph/graph';
import type { Loss } from '../../report/report';
import type { Estimator } from './estimator';
import { penaltyOfLogistic, penaltyOfPerceptron, type Penalty } from './penalty';

interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

interface Layer {
  readonly weight: NamedTensor;
  readonly bias: NamedTensor | null;
  /** Whether the weights are [outputs, inputs]. */
  readonly isTransposed: boolean;
}

/** A chain of layers, as an estimator holds it. */
export interface Network {
  readonly layers: readonly Layer[];
  /** ONNX's operator between the layers, or null: nothing. */
  readonly activation: string | null;
  readonly head: 'softmax' | 'sigmoid' | 'none';
  readonly type: ElementType;
  readonly inputs: number;
  readonly outputs: number;
  /** In the order of the outputs; of a single one of both classes. */
  readonly classes: readonly string[] | null;
  /** What the estimator minimises, where its outputs do not tell. */
  readonly loss: Loss | null;
  /** Whether scikit-learn adds the losses of the outputs, where their mean is taken here. */
  readonly isSum: boolean;
  readonly penalty: Penalty | null;
  /** Whether classes were weighted. */
  readonly isWeighted: boolean;
}

const activations: Readonly<Record<string, string | null>> = {
  identity: null,
  logistic: 'Sigmoid',
  tanh: 'Tanh',
  relu: 'Relu',
};

/** The network of an estimator, or null: it is none that is read. @throws FailureError DamagedModel, UnsupportedFormat */
export function networkOf(estimator: Estimator): Network | null {
  if (!estimator.isOwn) return null;
  switch (estimator.class) {
    case 'MLPClassifier':
    case 'MLPRegressor':
      return perceptronOf(estimator);
    case 'LogisticRegression':
      return logisticOf(estimator);
    default:
      return null;
  }
}

function perceptronOf(estimator: Estimator): Network {
  const count = estimator.length('coefs_');
  const layers = Array.from({ length: count }, (_, at) => ({
    weight: { name: `coefs_.${String(at)}`, tensor: estimator.tensor('coefs_', at) },
    bias: { name: `intercepts_.${String(at)}`, tensor: estimator.tensor('intercepts_', at) },
    isTransposed: false,
  }));
  const named = estimator.text('activation') ?? '';
  const activation = Object.hasOwn(activations, named) ? activations[named] : undefined;
  if (activation === undefined) throw estimator.unsupported(`the activation ${named}`);
  const shape = shapeOf(estimator, layers);
  const isClassifier = estimator.class === 'MLPClassifier';
  const loss = estimator.text('loss') ?? 'squared_error';
  if (!isClassifier && loss !== 'squared_error') throw estimator.unsupported(`the loss ${loss}`);
  const isSoftmax = estimator.text('out_activation_') === 'softmax';
  const head = !isClassifier ? 'none' : isSoftmax ? 'softmax' : 'sigmoid';
  const isMultilabel = head === 'sigmoid' && shape.outputs > 1;
  return {
    layers,
    activation,
    head,
    ...shape,
    classes: isClassifier && !isMultilabel ? estimator.texts('classes_') : null,
    loss: isClassifier ? null : 'half-squared-error',
    isSum: isMultilabel,
    penalty: penaltyOfPerceptron(estimator),
    isWeighted: false,
  };
}

function logisticOf(estimator: Estimator): Network {
  const isFitted = estimator.flag('fit_intercept') !== false;
  const bias = isFitted ? { name: 'intercept_', tensor: estimator.tensor('intercept_') } : null;
  const layers = [{ weight: { name: 'coef_', tensor: estimator.tensor('coef_') }, bias, isTransposed: true }];
  const shape = shapeOf(estimator, layers);
  const named = estimator.text('multi_class') ?? 'auto';
  if (shape.outputs === 1 && named === 'multinomial')
    throw estimator.unsupported('multi_class="multinomial" for two classes');
  const isEach = named === 'ovr' || (named !== 'multinomial' && estimator.text('solver') === 'liblinear');
  return {
    layers,
    activation: null,
    head: shape.outputs === 1 || isEach ? 'sigmoid' : 'softmax',
    ...shape,
    classes: estimator.texts('classes_'),
    loss: null,
    isSum: isEach && shape.outputs > 1,
    penalty: penaltyOfLogistic(estimator, isFitted),
    isWeighted: !estimator.isNone('class_weight'),
  };
}

/** How many numbers go in and come out, after every layer's were held against the next one's. */
function shapeOf(
  estimator: Estimator,
  layers: readonly Layer[],
): Pick<Network, 'type' | 'inputs' | 'outputs'> {
  const sizes = layers.map(({ weight, bias, isTransposed }) => {
    const { dims, type } = weight.tensor;
    const [inputs = 0, outputs = 0] = isTransposed ? [...dims].reverse() : dims;
    const fits =
      dims.length === 2 &&
      inputs > 0 &&
      outputs > 0 &&
      (bias === null || (bias.tensor.dims.join() === String(outputs) && bias.tensor.type === type));
    return { inputs, outputs, type, fits };
  });
  const [first] = sizes;
  const last = sizes.at(-1);
  const isChain = sizes.every(
    ({ inputs, type, fits }, at) =>
      fits && type === first?.type && (at === 0 || sizes[at - 1]?.outputs === inputs),
  );
  if (first === undefined || last === undefined || !isChain)
    throw estimator.damaged(`the shapes of its ${estimator.class} do not fit each other`);
  return { type: first.type, inputs: first.inputs, outputs: last.outputs };
}
