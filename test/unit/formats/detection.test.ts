import { mkdir } from 'node:fs/promises';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { detectFile } from '../../../src/formats/detection';
import type { Detection } from '../../../src/formats/detection';
import { readModel } from '../../../src/formats/readModel';
import type { FailureKind } from '../../../src/report/failure';
import { onnxModel } from '../onnxModel';
import { corpusNote, corpusPresent, sharedFile } from './corpus';
import { failureFrom, oneSentence } from './failures';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const zip = (...names: string[]): Uint8Array =>
  zipSync(Object.fromEntries(names.map((name) => [name, latin1('x')])));
const later = (length: number, text: string): Uint8Array => latin1(' '.repeat(length) + text);

/** Each under the extension of something else: contents decide. */
const cases: readonly (readonly [string, Uint8Array, Detection['format'], FailureKind])[] = [
  [
    'pointer.onnx',
    latin1('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
    'lfsPointer',
    'LfsPointer',
  ],
  ['hdf5.onnx', latin1('\x89HDF\r\n\x1a\n...'), 'hdf5', 'UnsupportedFormat'],
  ['block.onnx', later(1024, '\x89HDF\r\n\x1a\n'), 'hdf5', 'UnsupportedFormat'],
  ['script.onnx', zip('net/data.pkl', 'net/constants.pkl'), 'torchScript', 'UnsupportedFormat'],
  ['forest.onnx', latin1('\x80\x04\x95\x10\0\0\0'), 'pickle', 'UnsupportedFormat'],
  ['words.onnx', latin1('\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x07sklearn'), 'pickle', 'UnsupportedFormat'],
  ['model.joblib', latin1('BZh91AY&SY'), 'compressedPickle', 'UnsupportedFormat'],
  [
    'topology.onnx',
    latin1(' {"format": "layers-model", "modelTopology": {}}'),
    'tensorflowJs',
    'UnsupportedFormat',
  ],
  ['saved.onnx', latin1('\x08\x01\x12\x03\n\x01x'), 'savedModel', 'UnsupportedFormat'],
  ['frozen.onnx', latin1('\x0a\x17\n\x05input\x12\x0bPlaceholder*\0'), 'frozenGraph', 'UnsupportedFormat'],
  ['coreml.onnx', latin1('\x08\x04\x12\x03\n\x01x\xa2\x1f\0'), 'coreml', 'UnsupportedFormat'],
  ['frozen.onnx', latin1('\x0a\x10\x0a\x01x\x12\x0bPlaceholder'), 'frozenGraph', 'UnsupportedFormat'],
  [
    'vino.onnx',
    latin1('<?xml version="1.0"?>\n<net name="m" version="11">'),
    'openvino',
    'UnsupportedFormat',
  ],
  [
    'agent.onnx',
    zip('data', 'policy.pth', '_stable_baselines3_version'),
    'stableBaselines',
    'UnsupportedFormat',
  ],
  ['lite.onnx', latin1('\x1c\0\0\0TFL3'), 'tflite', 'UnsupportedFormat'],
  ['ort.onnx', latin1('\x1c\0\0\0ORTM'), 'ort', 'UnsupportedFormat'],
  ['edge.onnx', latin1('\x1c\0\0\0ET12'), 'executorch', 'UnsupportedFormat'],
  ['language.onnx', latin1('GGUF\x03\0\0\0'), 'gguf', 'UnsupportedFormat'],
  ['arrays.onnx', zip('x.npy', 'y.npy'), 'npz', 'NotAModel'],
  ['array.onnx', latin1('\x93NUMPY\x01\0'), 'npy', 'NotAModel'],
  ['table.onnx', latin1('PAR1....PAR1'), 'parquet', 'NotAModel'],
  ['feather.onnx', latin1('ARROW1\0\0'), 'arrow', 'NotAModel'],
  ['zip.onnx', zip('readme.txt'), 'zip', 'NotAModel'],
  ['cut.onnx', zip('archive/data.pkl').subarray(0, 40), 'damagedZip', 'DamagedModel'],
  ['empty.onnx', new Uint8Array(), 'empty', 'NotAModel'],
  ['text.onnx', latin1('Dear reader,'), 'unknown', 'NotAModel'],
  ['json.onnx', latin1('{"a": 1}'), 'unknown', 'NotAModel'],
  ['short.onnx', latin1('\x08\x07'), 'unknown', 'NotAModel'],
];

/** Files that can be analysed as far as their first bytes tell. */
const broken: readonly (readonly [string, Uint8Array, Detection['format'], FailureKind])[] = [
  ['keras.onnx', zip('metadata.json', 'config.json', 'model.weights.h5'), 'keras', 'DamagedModel'],
  ['keras-h5.onnx', latin1('\x89HDF\r\n\x1a\n... keras_version ...'), 'kerasHdf5', 'UnsupportedFormat'],
];

describe('detectFile', () => {
  it.each(broken)(
    'knows %s by its contents, and reading it says what is wrong',
    async (name, contents, format, kind) => {
      const path = await folder.write(name, contents);
      expect(await detectFile(path)).toMatchObject({ format, analysable: true, advice: null });
      const failure = await failureFrom(() => readModel(path));
      expect(failure.kind).toBe(kind);
      expect(failure.message).toMatch(oneSentence);
    },
  );

  it.each(cases)('knows %s by its contents and says what to do', async (name, contents, format, kind) => {
    const path = await folder.write(name, contents);
    const detection = await detectFile(path);
    expect(detection).toMatchObject({ format, size: contents.length, analysable: false });
    expect(detection.advice).toMatch(oneSentence);
    const failure = await failureFrom(() => readModel(path));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(oneSentence);
    expect(failure.message).toContain(`"${name}" is a`);
  });

  it.each([
    ['torch.onnx', zip('archive/data.pkl', 'archive/data/0'), 'pytorch'],
    ['old.onnx', latin1('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02'), 'pytorchLegacy'],
    ['weights.onnx', latin1('\x02\0\0\0\0\0\0\0{}'), 'safetensors'],
    ['index.onnx', latin1('{"metadata": {}, "weight_map": {}}'), 'safetensorsIndex'],
  ])('knows weights in %s by its contents', async (name, contents, format) => {
    const path = await folder.write(name, contents);
    expect(await detectFile(path)).toMatchObject({ format, analysable: true, advice: null });
  });

  it('knows an ONNX model whatever its name is, with any of its fields first', async () => {
    const model = onnxModel({ nodes: [], inputs: [{ name: 'x' }], outputs: ['x'] });
    const named = onnxModel({
      nodes: [],
      inputs: [{ name: 'x' }],
      outputs: ['x'],
      producer: { name: 'pytorch', version: '2.8.0' },
    });
    for (const contents of [model, named]) {
      const path = await folder.write('model.txt', contents);
      expect(await detectFile(path)).toEqual({
        format: 'onnx',
        title: 'ONNX model',
        size: contents.length,
        analysable: true,
        advice: null,
      });
    }
  });

  it('refuses a folder, a SavedModel by what to do with it, and what is not there', async () => {
    await mkdir(folder.path('models'));
    await mkdir(folder.path('saved'));
    await folder.write('saved/saved_model.pb', latin1('\x08\x01'));
    expect(await failureFrom(() => detectFile(folder.path('models')))).toMatchObject({
      kind: 'NotAModel',
      message: '"models" is a folder; choose the model file in it.',
    });
    const saved = await failureFrom(() => detectFile(folder.path('saved')));
    expect(saved.kind).toBe('UnsupportedFormat');
    expect(saved.message).toContain('--saved-model');
    expect((await failureFrom(() => detectFile(folder.path('absent.onnx')))).kind).toBe('FileNotFound');
    expect((await failureFrom(() => detectFile('/dev/null'))).kind).toBe('FileUnreadable');
  });

  it('writes names of files so that they cannot act in a terminal', async () => {
    const path = await folder.write('\u001b[31mred\u202e.onnx', latin1('?'));
    const { message } = await failureFrom(() => readModel(path));
    expect(message).toMatch(oneSentence);
    expect(message).not.toContain('\u202e');
  });
});

describe.skipIf(!corpusPresent)(`detectFile on real files${corpusNote}`, () => {
  it.each([
    ['keras-mnist-mlp3.keras', 'keras'],
    ['keras-nested_container.keras', 'keras'],
    ['marabou-cnn_max_mnist2.h5', 'kerasHdf5'],
    ['marabou-fc_2-2sigmoids-3.h5', 'kerasHdf5'],
    ['torch-lenet-example.pth', 'pytorch'],
    ['npm-vscode-languagedetection-tfjs/model.json', 'tensorflowJs'],
    ['npm-vscode-languagedetection-tfjs/group1-shard1of1.bin', 'unknown'],
    ['tf2onnx-regression.tflite', 'tflite'],
    ['mnist-2000.npz', 'npz'],
    ['SOURCES.md', 'unknown'],
    ['magika-standard_v3_3.onnx', 'onnx'],
    ['marabou-KJ_TinyTaxiNet.onnx', 'onnx'],
    ['marabou-fc_2-2-3.onnx', 'onnx'],
    ['marabou-fc_matMul.onnx', 'onnx'],
    ['npm-ocr-models-ppocr_v2_cls.onnx', 'onnx'],
    ['npm-vad-web-silero_vad_v5.onnx', 'onnx'],
    ['ort-examples-mnist-cntk.onnx', 'onnx'],
    ['torch1.13-bert_17.onnx', 'onnx'],
  ])('%s is %s', async (name, format) => {
    expect((await detectFile(sharedFile(`corpus/${name}`))).format).toBe(format);
  });

  it('reads the reference model', async () => {
    const model = await readModel(sharedFile('reference/a.onnx'));
    expect(model.producer).toBe('PyTorch 1.13.0');
    expect(model.graph.inputs).toEqual([{ name: 'input', type: 'float32', dims: ['N', 64] }]);
    expect(model.graph.outputs).toEqual([{ name: 'logits', type: 'float32', dims: ['N', 10] }]);
    expect(model.graph.nodes.map((node) => node.operator)).toEqual(['Gemm', 'Tanh', 'Gemm']);
  });
});
