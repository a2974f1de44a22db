import { createHash } from 'node:crypto';
import { ByteCursor } from '../../files/pickle/byteCursor';
import { callOfData } from '../../files/pickle/dataCalls';
import { joblibArray } from '../../files/pickle/numpyArray';
import { unpickle, type PickleWorld } from '../../files/pickle/unpickle';
import { PickleObject, type PickleValue } from '../../files/pickle/values';
import { quote } from '../../files/quote';
import { openRandomAccessFile } from '../../files/randomAccess';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { builtModel } from '../built/builtModel';
import { GraphBuilder } from '../built/graphBuilder';
import type { Model } from '../model';
import { Estimator } from './estimator';
import { inflated } from './inflated';
import { lossNotes } from './penalty';
import { networkOf, type Network } from './network';
import { scaled } from './scalers';

const largestFile = 2 ** 31 - 1;
const instead = 'export it to ONNX with skl2onnx and analyse that file';

/** What scikit-learn's objects are made by: kept by name, as data. */
const ofScikitLearn = /^(?:sklearn|scipy|numpy\.ma)\.[\w.]+$/;

/**
 * Reads a model of scikit-learn that joblib.dump or pickle.dump wrote, as data: no code of it runs.
 * @throws FailureError UnsupportedFormat for another estimator, by its class; DamagedModel, TooLarge
 */
export async function readSklearn(path: string): Promise<Model> {
  const file = await openRandomAccessFile(path);
  try {
    if (file.size > largestFile)
      throw new FailureError('TooLarge', `${quote(file.name)} is too large for a model of scikit-learn.`);
    const bytes = await file.read(0, file.size);
    const root = rootOf(file.name, inflated(file.name, bytes));
    const facts = { file: path, sha256: createHash('sha256').update(bytes).digest('hex') };
    return modelOf(file.name, root, facts);
  } finally {
    await file.close();
  }
}

function rootOf(name: string, bytes: Uint8Array): PickleValue {
  const calls: PickleWorld = {
    call: (of, args) => (ofScikitLearn.test(of.path) ? new PickleObject(of, args) : callOfData(of, args)),
    advice: instead,
  };
  const world: PickleWorld = {
    ...calls,
    built: (object, cursor) => joblibArray(name, calls)?.(object, cursor),
  };
  return unpickle(name, new ByteCursor(name, bytes), world);
}

/** What stands around an estimator: the steps before it, the best of a search. */
function unwrapped(
  file: string,
  root: PickleValue,
): { readonly before: Estimator[]; readonly last: Estimator } {
  const before: Estimator[] = [];
  let value: PickleValue | undefined = root;
  const seen = new Set<PickleValue>();
  for (;;) {
    if (!(value instanceof PickleObject))
      throw new FailureError(
        'UnsupportedFormat',
        `${quote(file)} holds no estimator of scikit-learn by itself; save the fitted model alone with joblib.dump(model, "model.joblib").`,
      );
    const estimator: Estimator = new Estimator(file, value);
    if (seen.has(value)) throw estimator.damaged(`its ${estimator.class} is in itself`);
    seen.add(value);
    if (estimator.class === 'Pipeline') {
      const steps = estimator.steps();
      before.push(
        ...steps
          .slice(0, -1)
          .flatMap((step) => (step instanceof PickleObject ? [new Estimator(file, step)] : [])),
      );
      value = steps.at(-1);
    } else if (value.attribute('best_estimator_') !== undefined) value = value.attribute('best_estimator_');
    else return { before, last: estimator };
  }
}

function modelOf(file: string, root: PickleValue, facts: Pick<Model, 'file' | 'sha256'>): Model {
  const { before, last } = unwrapped(file, root);
  const network = networkOf(last);
  if (network === null)
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(file)} holds a ${printable(last.class)}, which is not read: only perceptrons (MLPClassifier, MLPRegressor) and LogisticRegression are; ${instead}.`,
    );
  const builder = new GraphBuilder();
  const features = (before[0] ?? last).number('n_features_in_') ?? network.inputs;
  let x = builder.input('X', network.type, ['N', features]);
  for (const step of before) {
    const found = scaled(builder, step, x, network.type);
    if (found === null)
      throw new FailureError(
        'UnsupportedFormat',
        `${quote(file)} puts a ${printable(step.class)} before its ${last.class}, which is not read: of scalers StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler are; ${instead}.`,
      );
    x = found;
  }
  const trained = new Set<string>();
  const output = layersOf(builder, network, x, trained);
  const graph = builder.finish([
    {
      name: network.head === 'none' ? 'prediction' : 'probabilities',
      value: output,
      type: network.type,
      dims: ['N', network.outputs],
    },
  ]);
  const version =
    last.text('_sklearn_version') ??
    (root instanceof PickleObject ? new Estimator(file, root).text('_sklearn_version') : null);
  return builtModel(graph, {
    ...facts,
    format: 'scikit-learn',
    producer: version === null ? 'scikit-learn' : `scikit-learn ${version}`,
    parameters: { trained, frozen: new Set() },
    ...(network.classes !== null && { classNames: network.classes }),
    ...(network.loss !== null && { said: { loss: network.loss } }),
    notes: (analysed) => lossNotes(network, analysed),
  });
}

function layersOf(
  builder: GraphBuilder,
  { layers, activation, head }: Network,
  x: string,
  trained: Set<string>,
): string {
  let value = x;
  layers.forEach(({ weight, bias, isTransposed }, at) => {
    const held = [weight, ...(bias === null ? [] : [bias])].map(({ name: own, tensor }) => {
      trained.add(own);
      return builder.parameter(own, tensor);
    });
    value = isTransposed
      ? builder.add('Gemm', [value, ...held], { transB: 1 })
      : held
          .slice(1)
          .reduce(
            (sum, each) => builder.add('Add', [sum, each]),
            builder.add('MatMul', [value, held[0] ?? '']),
          );
    if (at < layers.length - 1 && activation !== null) value = builder.add(activation, [value]);
  });
  if (head === 'none') return value;
  return head === 'softmax' ? builder.add('Softmax', [value], { axis: -1 }) : builder.add('Sigmoid', [value]);
}
