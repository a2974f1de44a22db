import { describe, expect, it } from 'vitest';
import type { HessianProducts } from '../../../src/autodiff/hessianProducts';
import { readModel } from '../../../src/formats/readModel';
import type { Loss } from '../../../src/report/report';
import { corpusNote, corpusPresent, sharedFile } from '../formats/corpus';
import { failureFrom } from '../formats/failures';
import { norm, numbers } from './evaluation';
import { classTargets, openProducts } from './opening';

interface RealFile {
  readonly file: string;
  /** Where the file has several that a loss can be put on. */
  readonly output?: string;
  readonly width: number;
  readonly parameters: number;
  readonly loss?: Loss;
  readonly evaluation?: boolean;
  /** Sizes of the dimensions after the first that the file leaves open. */
  readonly open?: readonly number[];
  readonly samples?: number;
  /** How many different integers an input holds. */
  readonly vocabulary?: Readonly<Record<string, number>>;
  readonly layers: readonly string[];
}

const files: readonly RealFile[] = [
  {
    file: 'torch1.13-resnet_eval_17',
    width: 10,
    parameters: 21770,
    layers: ['0', '4.c1', '4.c2', '5.c1', '5.c2', '5.d.0', '8'],
  },
  {
    file: 'torch1.13-resnet_train_13',
    width: 10,
    parameters: 21914,
    evaluation: true,
    layers: ['0', '1', '4.c1', '4.b1'],
  },
  {
    file: 'torch1.13-vit_train_17',
    width: 10,
    parameters: 81226,
    evaluation: true,
    layers: ['p', 'cls', 'e.layers.0.norm1', 'e.layers.0.self_attn.in_proj'],
  },
  {
    file: 'torch1.13-bert_17',
    width: 2,
    parameters: 46466,
    open: [16],
    vocabulary: { ids: 100, mask: 2, tt: 2 },
    layers: ['w', 'p', 't', 'ln', 'a.q'],
  },
  {
    file: 'marabou-traffic-classifier64',
    width: 10,
    parameters: 5234,
    layers: ['conv2d', 'conv2d_1', 'dense', 'dense_1', 'dense_2'],
  },
  {
    file: 'marabou-KJ_TinyTaxiNet',
    width: 2,
    parameters: 746,
    loss: 'mean-squared-error',
    layers: ['conv2d', 'dense', 'dense_1', 'dense_2'],
  },
  {
    file: 'ort-examples-mnist-cntk',
    width: 10,
    parameters: 5994,
    layers: ['Parameter5', 'Parameter87', 'Parameter193'],
  },
  {
    file: 'npm-ocr-models-ppocr_v2_cls',
    width: 2,
    parameters: 129356,
    open: [3, 32, 64],
    samples: 3,
    layers: ['conv2d_0', 'batch_norm_0'],
  },
  {
    file: 'npm-openwakeword-hello_deepa',
    width: 1,
    parameters: 78049,
    loss: 'binary-cross-entropy',
    layers: ['layer1', 'layernorm1', 'blocks.0.fcn_layer', 'blocks.0.layer_norm', 'last_layer'],
  },
  {
    file: 'magika-standard_v3_3',
    width: 214,
    parameters: 784214,
    samples: 2,
    vocabulary: { bytes: 256 },
    layers: [],
  },
];

async function openFile(one: RealFile): Promise<HessianProducts> {
  const { width, output = null, loss = 'cross-entropy', evaluation = false, samples: count = 4 } = one;
  const model = await readModel(sharedFile(`corpus/${one.file}.onnx`));
  const inputs = model.graph.inputs.map(({ name, dims }, index) => {
    const own = (dims ?? []).slice(1).map((dim, i) => (typeof dim === 'number' ? dim : (one.open?.[i] ?? 1)));
    const size = own.reduce((product, dim) => product * dim, count);
    const integers = one.vocabulary?.[name];
    const data =
      integers === undefined
        ? numbers(size, index + 1)
        : numbers(size, index + 1, 0, integers).map(Math.floor);
    return { name, dims: own, data };
  });
  const targets =
    loss === 'cross-entropy'
      ? classTargets(count, width)
      : { count, width, values: numbers(count * width, 9, 0, 2).map(Math.floor) };
  return openProducts(model, { count, inputs }, targets, loss, { output, evaluation });
}

describe.skipIf(!corpusPresent)(`real files${corpusNote}`, () => {
  it.each(files)('$file gives products that pass the proof', async (one) => {
    const products = await openFile(one);
    expect(products.order).toBe(one.parameters);
    expect(products.layers.slice(0, one.layers.length).map(({ name }) => name)).toEqual(one.layers);
    expect(products.measured.differenceError).toBeLessThan(1e-6);
    expect(products.measured.asymmetry).toBeLessThan(1e-12);
    expect(norm(await products.multiply(numbers(products.order, 11)))).toBeGreaterThan(0);
    await products.release();
  });

  it('training mode is refused without --evaluation', async () => {
    const [, resnet] = files;
    if (resnet === undefined) throw new Error('No file');
    const { message } = await failureFrom(() => openFile({ ...resnet, evaluation: false }));
    expect(message).toContain('Node "/1/BatchNormalization" (BatchNormalization) is in training mode');
  });

  it('silero, which decides while it runs, is refused by the operator’s name', async () => {
    const { kind, message } = await failureFrom(() =>
      openFile({
        file: 'npm-vad-web-silero_vad_v5',
        output: 'output',
        width: 1,
        parameters: 0,
        open: [8, 8],
        layers: [],
      }),
    );
    expect(kind).toBe('UnsupportedOperator');
    expect(message).toContain('(If)');
  });
});
