import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../src/graph/graph';
import { readModel } from '../../../../src/formats/readModel';
import { Session } from '../../../../src/runtime/session';
import type { RunFeeds } from '../../../../src/runtime/session';
import { corpusNote, corpusPresent, sharedFile } from '../corpus';
import { numbers, results } from '../running';

/** Sizes of dimensions that the real files leave open. */
const openSizes: Readonly<Record<string, number>> = {
  'p2o.DynamicDimension.1': 48,
  'p2o.DynamicDimension.2': 192,
  T: 16,
};

/** Random inputs: floats in [−1, 1], int64 0 or 1 (token types), int32 bytes (magika's). */
function randomFeeds(inputs: Graph['inputs'], batch: number): RunFeeds {
  const feeds = inputs.map(({ name, type, dims }, seed) => {
    const rest = (dims ?? [])
      .slice(1)
      .map((dim) => (typeof dim === 'number' ? dim : (openSizes[dim ?? ''] ?? 1)));
    const drawn = numbers(
      rest.reduce((product, dim) => product * dim, batch),
      seed + 1,
    );
    const integers =
      type === 'int64'
        ? BigInt64Array.from(drawn, (value) => (value > 0 ? 1n : 0n))
        : Int32Array.from(drawn, (value) => Math.floor(128 * (value + 1)));
    return [name, { dims: [batch, ...rest], data: type === 'float32' ? drawn : integers }];
  });
  return Object.fromEntries(feeds) as RunFeeds;
}

/** Row `index` of tensors with `batch` rows. */
function row(tensors: RunFeeds, index: number, batch: number): RunFeeds {
  const rows = Object.entries(tensors).map(([name, { dims, data }]) => {
    const width = data.length / batch;
    return [name, { dims: [1, ...dims.slice(1)], data: data.slice(index * width, (index + 1) * width) }];
  });
  return Object.fromEntries(rows) as RunFeeds;
}

function expectClose(actual: RunFeeds, expected: RunFeeds): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { dims, data }] of Object.entries(expected)) {
    expect(actual[name]?.dims).toEqual(dims);
    const values = Array.from<number | bigint>(actual[name]?.data ?? []);
    for (const [index, value] of Array.from<number | bigint>(data).entries()) {
      expect(Number(values[index])).toBeCloseTo(Number(value), 5);
    }
  }
}

describe.skipIf(!corpusPresent)(`executable of real files${corpusNote}`, () => {
  const outputsOf = ({ outputs }: Graph): string[] => outputs.map((output) => output.name);

  it.each([
    ...['a', 'b', 'c', 'csmall', 'd'].map((name) => `reference/${name}.onnx`),
    ...[
      'magika-standard_v3_3',
      'marabou-KJ_TinyTaxiNet',
      'marabou-certificate_and_controller_mandal',
      'marabou-fc_2-2-3',
      'marabou-mnist2x10',
      'marabou-mnist2x5_sigmoid',
      'marabou-traffic-classifier64',
      'npm-ocr-models-ppocr_v2_cls',
      'npm-openwakeword-hello_deepa',
      'ort-examples-mnist-cntk',
      'torch1.13-bert_17',
      'torch1.13-mlp_13',
      'torch1.13-resnet_eval_17',
      'torch1.13-vit_train_17',
    ].map((name) => `corpus/${name}.onnx`),
  ])('%s gives the rows of a batch as it gives them alone', async (path) => {
    const { graph, executable } = await readModel(sharedFile(path));
    const session = await Session.open(executable(outputsOf(graph)), 1);
    const feeds = randomFeeds(graph.inputs, 3);
    const together = await session.run(feeds);
    for (const index of [0, 1, 2]) {
      expectClose(row(together, index, 3), await session.run(row(feeds, index, 3)));
    }
    await session.release();
  });

  it.each([
    'ort-examples-mnist-cntk',
    'npm-openwakeword-hello_deepa',
    'marabou-certificate_and_controller_mandal',
  ])('%s, which fixes the batch at 1, gives what the file gives', async (name) => {
    const path = sharedFile(`corpus/${name}.onnx`);
    const { graph, executable } = await readModel(path);
    const feeds = randomFeeds(graph.inputs, 1);
    const file = await results({ bytes: await readFile(path), externalData: [] }, feeds);
    expectClose(await results(executable(outputsOf(graph)), feeds), file);
  });

  it('keeps the branches of silero_vad', async () => {
    const { executable } = await readModel(sharedFile('corpus/npm-vad-web-silero_vad_v5.onnx'));
    const { output } = await results(executable(['output']), {
      input: { dims: [1, 512], data: numbers(512) },
      state: { dims: [2, 1, 128], data: new Float32Array(256) },
      sr: { dims: [], data: BigInt64Array.of(16000n) },
    });
    expect(output?.dims).toEqual([1, 1]);
  });
});
