import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/analysis/analyse';
import { readModel } from '../../../../src/formats/readModel';
import type { Report } from '../../../../src/report/report';
import { requestDefaults, type AnalysisRequest } from '../../../../src/report/request';
import { onnxModel } from '../../onnxModel';
import { corpusNote, corpusPresent, sharedFile } from '../corpus';
import { failureFrom, oneSentence } from '../failures';
import { numbers, results } from '../running';
import { temporaryFolder } from '../temporaryFolder';
import { attributeOf, entriesOf, kerasFile, tensorsOf, withConfig, type StoredNumbers } from './kerasFiles';

const folder = temporaryFolder();

/** A tensor in row-major order, the samples left out. */
interface Sample {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

interface LayerText {
  readonly class_name: string;
  readonly config: {
    readonly name: string;
    readonly activation?: string;
    readonly kernel_size?: readonly number[];
    readonly pool_size?: readonly number[];
  };
}

/** Logits of one sample by a reader of its own: jsfive, plain loops, no stride, no padding, no last softmax. */
function logitsOf(bytes: Uint8Array, sample: Sample): readonly number[] {
  const isArchive = bytes[0] === 0x50;
  const entries = isArchive ? entriesOf(bytes) : {};
  const text = isArchive
    ? new TextDecoder().decode(entries['config.json'])
    : attributeOf(bytes, 'model_config');
  const { layers } = (JSON.parse(text) as { config: { layers: readonly LayerText[] } }).config;
  const tensors = tensorsOf(isArchive ? (entries['model.weights.h5'] ?? bytes) : bytes);
  const counts = new Map<string, number>();
  const weightsOf = ({
    class_name: kind,
    config: { name },
  }: LayerText): readonly [StoredNumbers, StoredNumbers] => {
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const group = `layers/${kind.toLowerCase()}${count === 0 ? '' : `_${count}`}/vars/`;
    const find = (part: RegExp): StoredNumbers => {
      const found = [...tensors].find(
        ([path]) =>
          (isArchive ? path.startsWith(group) : path.startsWith(`model_weights/${name}/`)) && part.test(path),
      );
      if (found === undefined) throw new Error(`No ${String(part)} of ${name}`);
      return found[1];
    };
    return [find(isArchive ? /0$/ : /kernel:0$/), find(isArchive ? /1$/ : /bias:0$/)];
  };
  const last = layers.findLastIndex(({ class_name: kind }) => kind === 'Dense');
  const activated = (value: number, name: string | undefined): number =>
    name === 'relu' ? Math.max(0, value) : name === 'sigmoid' ? 1 / (1 + Math.exp(-value)) : value;
  const run = ({ dims, data }: Sample, layer: LayerText, index: number): Sample => {
    const { config } = layer;
    const activation = index === last ? 'linear' : config.activation;
    switch (layer.class_name) {
      case 'Dense': {
        const [kernel, bias] = weightsOf(layer);
        const width = bias.value.length;
        const sums = bias.value.map((b, k) =>
          data.reduce((sum, x, i) => sum + x * (kernel.value[i * width + k] ?? NaN), b),
        );
        return { dims: [width], data: sums.map((value) => activated(value, activation)) };
      }
      case 'Conv2D': {
        const [kernel, bias] = weightsOf(layer);
        const [height = 0, width = 0, channels = 0] = dims;
        const [kh = 0, kw = 0, , filters = 0] = kernel.shape;
        const [rows, columns] = [height - kh + 1, width - kw + 1];
        const made = Array.from({ length: rows * columns * filters }, (_, at) => {
          const f = at % filters;
          const column = Math.floor(at / filters) % columns;
          const row = Math.floor(at / filters / columns);
          let sum = bias.value[f] ?? NaN;
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++)
              for (let c = 0; c < channels; c++)
                sum +=
                  (data[((row + i) * width + column + j) * channels + c] ?? NaN) *
                  (kernel.value[((i * kw + j) * channels + c) * filters + f] ?? NaN);
          return activated(sum, activation);
        });
        return { dims: [rows, columns, filters], data: made };
      }
      case 'MaxPooling2D': {
        const [height = 0, width = 0, channels = 0] = dims;
        const [ph = 2, pw = 2] = config.pool_size ?? [];
        const [rows, columns] = [Math.floor(height / ph), Math.floor(width / pw)];
        const made = Array.from({ length: rows * columns * channels }, (_, at) => {
          const c = at % channels;
          const column = Math.floor(at / channels) % columns;
          const row = Math.floor(at / channels / columns);
          let most = -Infinity;
          for (let i = 0; i < ph; i++)
            for (let j = 0; j < pw; j++)
              most = Math.max(most, data[((row * ph + i) * width + column * pw + j) * channels + c] ?? NaN);
          return most;
        });
        return { dims: [rows, columns, channels], data: made };
      }
      case 'Activation':
        return { dims, data: data.map((value) => activated(value, activation)) };
      case 'Flatten':
      case 'Dropout':
      case 'InputLayer':
        return { dims, data };
      default:
        throw new Error(`No ${layer.class_name} here`);
    }
  };
  return layers.slice(0, last + 1).reduce(run, sample).data;
}

describe.skipIf(!corpusPresent)(`real files${corpusNote}`, () => {
  it.each([
    'keras-mnist-mlp3.keras',
    'keras-subhadip-mnist-cnn.keras',
    'keras-subhadip-mnist-mlp.keras',
    'marabou-cnn_max_mnist2.h5',
    'marabou-fc_2-2sigmoids-3.h5',
  ])('%s gives the logits that another reader gives', async (name) => {
    const path = sharedFile(`corpus/${name}`);
    const bytes = readFileSync(path);
    const { graph, executable } = await readModel(path);
    const [input] = graph.inputs;
    const dims = (input?.dims ?? []).slice(1).map(Number);
    const size = dims.reduce((product, each) => product * each, 1);
    const count = 3;
    const data = numbers(count * size, 7);
    // Before the softmax, where the file has one.
    const softmax = graph.nodes.find(({ operator }) => operator === 'Softmax');
    const logits = softmax?.inputs[0] ?? graph.outputs[0]?.name ?? '';
    const found = (
      await results(executable([logits]), { [input?.name ?? '']: { dims: [count, ...dims], data } })
    )[logits];
    const wanted = Array.from({ length: count }, (_, n) =>
      logitsOf(bytes, { dims, data: Array.from(data.subarray(n * size, (n + 1) * size)) }),
    ).flat();
    expect(found?.data).toHaveLength(wanted.length);
    const largest = Math.max(1, ...wanted.map(Math.abs));
    wanted.forEach((value, at) =>
      expect(Math.abs(Number(found?.data[at]) - value) / largest).toBeLessThan(1e-5),
    );
  });

  it('a subclassed model is refused by its class', async () => {
    const { kind, message } = await failureFrom(() =>
      readModel(sharedFile('corpus/keras-nested_container.keras')),
    );
    expect(kind).toBe('UnsupportedStructure');
    expect(message).toContain(
      'is a model of the class "NestedDenseModel", whose computation stands in Python code',
    );
    expect(message).toMatch(oneSentence);
  });
});

function report(model: string, request: Partial<AnalysisRequest> = {}): Promise<Report> {
  const samples = { kind: 'random', count: 64 } as const;
  return analyse({ ...requestDefaults, model, samples, threads: 1, ...request }, () => undefined);
}

/** The numbers of a report that belong to the model alone. */
function numbersOf({ samples, gradientNorm, trace, frobeniusSquared, bounds, layers }: Report): unknown {
  const own = layers.map(({ trace: t, contribution, parameters }) => ({
    trace: t.value,
    contribution: contribution.value,
    parameters,
  }));
  return [
    samples.meanLoss,
    gradientNorm,
    trace.value,
    frobeniusSquared.value,
    bounds.lambdaMax.upper.value,
    own,
  ];
}

function flatten(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(flatten) : [];
}

describe('one perceptron', () => {
  it('has the same numbers as Keras archive, as Keras HDF5 and as ONNX', async () => {
    const archive = kerasFile('compiled.keras');
    const tensors = tensorsOf(entriesOf(archive)['model.weights.h5'] ?? archive);
    const tensor = (path: string): { dims: readonly number[]; data: Float32Array } => {
      const dataset = tensors.get(path);
      if (dataset === undefined) throw new Error(`No ${path}`);
      return { dims: dataset.shape, data: Float32Array.from(dataset.value) };
    };
    const onnx = onnxModel({
      inputs: [{ name: 'x', dims: ['N', 4] }],
      outputs: [{ name: 'y', dims: ['N', 3] }],
      initialisers: {
        w: tensor('layers/dense/vars/0'),
        b: tensor('layers/dense/vars/1'),
        v: tensor('layers/dense_1/vars/0'),
        c: tensor('layers/dense_1/vars/1'),
      },
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['xw'] },
        { operator: 'Add', inputs: ['xw', 'b'], outputs: ['z'] },
        { operator: 'Relu', inputs: ['z'], outputs: ['h'] },
        { operator: 'MatMul', inputs: ['h', 'v'], outputs: ['hv'] },
        { operator: 'Add', inputs: ['hv', 'c'], outputs: ['y'] },
      ],
    });
    const options = { loss: 'cross-entropy', labelSmoothing: 0.1 } as const;
    const wanted = await report(await folder.write('p.onnx', onnx), options);
    for (const name of ['compiled.keras', 'compiled.h5']) {
      const found = await report(await folder.write(name, kerasFile(name)));
      const [ours, theirs] = [flatten(numbersOf(found)), flatten(numbersOf(wanted))];
      expect(ours).toHaveLength(theirs.length);
      ours.forEach((value, at) => expect(Math.abs(value / (theirs[at] ?? NaN) - 1)).toBeLessThan(1e-12));
      // What the file says, and that it was the file that said it.
      expect(found.loss).toBe('cross-entropy');
      expect(found.lossAssumed).toBe(false);
      expect(found.lossOptions.labelSmoothing).toBe(0.1);
      expect(found.training).toEqual({
        optimiser: 'nesterov',
        learningRate: 0.05,
        momentum: 0.8,
        batchSize: null,
      });
      const messages = found.warnings.map(({ message }) => message);
      expect(messages).toContain(
        'Read from the file: the loss cross-entropy, label smoothing 0.1, gradient descent with Nesterov’s momentum (learning rate 0.05, momentum 0.8).',
      );
      expect(messages.join()).toContain('"dense/kernel" (l2 0.01)');
      expect(found.layers.map((layer) => layer.name)).toEqual(['dense', 'dense_1']);
    }
  });

  it('takes what was asked for before what the file says', async () => {
    const path = await folder.write('asked.keras', kerasFile('compiled.keras'));
    const training = { optimiser: 'sgd', learningRate: 0.1, momentum: 0, batchSize: null } as const;
    const found = await report(path, { loss: 'mean-squared-error', training });
    expect(found.loss).toBe('mean-squared-error');
    expect(found.lossOptions.labelSmoothing).toBe(0);
    expect(found.training).toEqual(training);
    expect(found.warnings.map(({ message }) => message).join()).not.toContain('Read from the file');
  });
});

const compiled = kerasFile('compiled.keras');
const lossText = /"loss": \{.*?"registered_name": null\}/;

describe('a mask', () => {
  it(
    'is differentiated, which the analysis checks before its first number',
    { timeout: 120_000 },
    async () => {
      const path = await folder.write('masked.keras', kerasFile('masked.keras'));
      const found = await report(path, { loss: 'cross-entropy', method: 'exact' });
      expect(found.trace.value).toBeGreaterThan(0);
      expect(found.model.parameters).toBe(21 + 84 + 84 + 10);
    },
  );
});

describe('the loss in a file', () => {
  it.each([
    [
      '"loss": "sparse_categorical_crossentropy"',
      { loss: 'cross-entropy' },
      'made without from_logits=True, though the model does not end in softmax or sigmoid',
    ],
    ['"loss": "mse"', { loss: 'mean-squared-error' }, null],
    ['"loss": {"class_name": "function", "config": "huber"}', { loss: 'huber' }, null],
    [
      '"loss": {"dense_1": "binary_crossentropy"}',
      { loss: 'binary-cross-entropy' },
      'Keras took its outputs for probabilities',
    ],
    ['"loss": "kl_divergence"', {}, 'the loss "kl_divergence", which is not known here'],
    ['"loss": {"class_name": "Huber", "config": {"delta": 2}}', {}, 'delta other than 1'],
    ['"loss": {"class_name": "MeanSquaredError", "config": {"reduction": "sum"}}', {}, 'reduced by "sum"'],
    ['"loss": {"class_name": "function", "config": "mine"}', {}, 'the loss "mine"'],
  ])('%s', async (text, wanted, note) => {
    const path = await folder.write(
      'loss.keras',
      withConfig(compiled, (config) => config.replace(lossText, text)),
    );
    const { said, notes: notesFor } = await readModel(path);
    expect(said?.loss === undefined ? {} : { loss: said.loss }).toEqual(wanted);
    expect(said?.labelSmoothing).toBeUndefined();
    const notes = notesFor?.({ samples: 1, weightDecay: 0 }).join() ?? '';
    if (note === null) expect(notes).not.toContain("file's loss");
    else expect(notes).toContain(note);
  });
});

describe('a file that cannot be read', () => {
  const tokens = kerasFile('tokens.keras');
  const replaced = (archive: Uint8Array, from: string | RegExp, to: string): Uint8Array =>
    withConfig(archive, (text) => text.replace(from, to));
  const entries = entriesOf(compiled);
  const weights = entries['model.weights.h5'] ?? compiled;
  const withWeights = (change: (view: DataView) => void): Uint8Array => {
    const copy = Uint8Array.from(weights);
    change(new DataView(copy.buffer));
    return zipSync({ ...entries, 'model.weights.h5': copy });
  };
  const first = tensorsOf(weights).get('layers/dense/vars/0')?.value[0] ?? NaN;

  it.each([
    [
      'a layer of one’s own',
      replaced(
        compiled,
        /"class_name": "Dense"(.*?)"registered_name": null, "build_config"/,
        '"class_name": "Dense"$1"registered_name": "mine>Dense", "build_config"',
      ),
      'UnsupportedStructure',
      'has the layer "dense" of the class "mine>Dense", whose computation stands in Python code, not in the file; load it in Keras, call model.export(',
    ],
    [
      'a layer that is not read',
      replaced(compiled, '"class_name": "Dense"', '"class_name": "ConvLSTM2D"'),
      'UnsupportedStructure',
      'of the class "ConvLSTM2D", which is not read here',
    ],
    [
      'an unknown activation',
      replaced(compiled, '"activation": "relu"', '"activation": "mine"'),
      'UnsupportedStructure',
      'The layer "dense" (Dense) of "bad.keras" has the activation "mine"',
    ],
    [
      'weights of another shape',
      replaced(compiled, '"units": 5', '"units": 6'),
      'DamagedModel',
      'needs "dense/kernel" of shape [4, 6], and the file has [4, 5]',
    ],
    [
      'missing weights',
      replaced(tokens, '"class_name": "LSTM"', '"class_name": "GRU"'),
      'DamagedModel',
      'has no weights "read/gru_cell/kernel" in the file',
    ],
    [
      'quantised layers',
      replaced(
        compiled,
        /("class_name": "Dense".*?)"class_name": "DTypePolicy", "config": \{"name": "float32"\}/,
        '$1"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}',
      ),
      'UnsupportedStructure',
      'The layer "dense" (Dense) of "bad.keras" is quantised',
    ],
    [
      'calls in a circle',
      replaced(
        kerasFile('vectors.keras'),
        '"keras_history": ["vector", 0, 0]',
        '"keras_history": ["first", 0, 0]',
      ),
      'DamagedModel',
      'in a circle',
    ],
    [
      'weights that are not finite',
      withWeights((view) => {
        for (let at = 0; at + 4 <= view.byteLength; at += 4)
          if (view.getFloat32(at, true) === first) view.setFloat32(at, NaN, true);
      }),
      'DamagedModel',
      'has numbers in "dense/kernel" that are not finite',
    ],
    [
      'no weights',
      zipSync({ 'config.json': entries['config.json'] ?? compiled, 'model.weights.json': new Uint8Array(2) }),
      'UnsupportedFormat',
      'has no model.weights.h5',
    ],
    [
      'a configuration without end',
      zipSync({
        ...entries,
        'config.json': new TextEncoder().encode(
          `{"class_name": "Functional", "config": {"name": "a", "layers": [], "output_layers": ${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
        ),
      }),
      'DamagedModel',
      'nested too deeply',
    ],
  ])('%s', async (_, bytes, kind, message) => {
    const failure = await failureFrom(async () => readModel(await folder.write('bad.keras', bytes)));
    expect(failure.message).toContain(message);
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(oneSentence);
  });
});
