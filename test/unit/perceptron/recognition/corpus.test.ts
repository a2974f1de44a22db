import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../../../src/formats/readModel';
import { openAnalysedModel } from '../../../../src/analysis/analysedModel';
import { readPerceptron, type PerceptronReading } from '../../../../src/analysis/readPerceptron';
import { FailureError } from '../../../../src/report/failure';
import { noSubjectChoice } from '../../../../src/subject/subject';
import { describeArchitecture } from '../../../../src/perceptron/recognise';

const shared = process.env['MODEL_SHARPNESS_SHARED'];
const why = shared === undefined ? ' (corpus absent: MODEL_SHARPNESS_SHARED not set)' : '';

async function recognition(file: string, output: string | null): Promise<PerceptronReading> {
  const model = await readModel(join(shared ?? '', 'corpus', file));
  try {
    return await readPerceptron(openAnalysedModel(model, { ...noSubjectChoice, output }, 1), null);
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

describe(`models made elsewhere${why}`, () => {
  it.skipIf(shared === undefined).each([
    ['marabou-mnist2x10.onnx', null, 'perceptron 784-10-10-10, relu', ['fc1', 'fc2', 'fc3'], [1, 28, 28]],
    [
      'marabou-mnist2x5_sigmoid.onnx',
      null,
      'perceptron 784-5-5-10, sigmoid',
      ['fc1', 'fc2', 'fc3'],
      [1, 28, 28],
    ],
    ['marabou-fc_2-2-3.onnx', null, 'perceptron 2-2-3, relu', ['dense_12_1', 'dense_13_1'], [2]],
    ['torch1.13-mlp_13.onnx', null, 'perceptron 20-32-32-3, tanh silu', ['0', '2', '4'], [20]],
    [
      'marabou-certificate_and_controller_mandal.onnx',
      'output_1',
      'perceptron 4-4-20-20-4-2, identity relu relu identity',
      [0, 1, 3, 5, 6].map((i) => `model_A.linear_relu_stack.${String(i)}`),
      [4],
    ],
  ])('%s is recognised', async (file, output, architecture, names, dims) => {
    const found = await recognition(file, output);
    if (!found.ok) throw new Error(found.failure.message);
    expect(describeArchitecture(found.read.perceptron)).toBe(architecture);
    expect(found.read.perceptron.layers.map(({ name }) => name)).toEqual(names);
    expect(found.read.inputSpec.dims).toEqual(dims);
    expect(found.read.perceptron.head).toBe('none');
  });

  it.skipIf(shared === undefined).each([
    ['marabou-fc_matMul.onnx', /^onnxruntime does not run the model .*Add node/],
    ['marabou-certificate_and_controller_mandal.onnx', /"output_1", "output_2", "output_3"/],
    ['marabou-traffic-classifier64.onnx', /conv2d\/BiasAdd" \(Conv\) applies one weight to several rows/],
    ['marabou-KJ_TinyTaxiNet.onnx', /"conv2d\/Conv2D" \(Conv\) applies one weight to several rows/],
    ['ort-examples-mnist-cntk.onnx', /"Pooling66" \(MaxPool\) is no part of a perceptron/],
    ['npm-ocr-models-ppocr_v2_cls.onnx', /"p2o.BatchNormalization.0" \(BatchNormalization\)/],
    ['npm-openwakeword-hello_deepa.onnx', /"\/layernorm1\/ReduceMean" \(ReduceMean\)/],
    ['npm-vad-web-silero_vad_v5.onnx', /several outputs .*"output", "stateN"/],
    ['magika-standard_v3_3.onnx', /^Node "jax2tf_get_logits_/],
    ['torch1.13-resnet_eval_17.onnx', /"\/3\/MaxPool" \(MaxPool\) is no part/],
    ['torch1.13-vit_train_17.onnx', /self_attn\/Dropout" \(Dropout\) is in training mode/],
    ['torch1.13-bert_17.onnx', /"\/ln\/LayerNormalization" \(LayerNormalization\)/],
  ])('%s is refused by what is in the way', async (file, sentence) => {
    const found = await recognition(file, null);
    expect(found.ok ? describeArchitecture(found.read.perceptron) : found.failure.message).toMatch(sentence);
  });
});
