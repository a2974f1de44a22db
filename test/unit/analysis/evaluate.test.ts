import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate, type Evaluation } from '../../../src/analysis/evaluate';
import { sampleChanges } from '../../../src/analysis/sampleChanges';
import { readModel } from '../../../src/formats/readModel';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import { TensorProto_DataType as DataType } from '../../../src/runtime/onnx/onnx_pb';
import quant from '../../references/twins/mlp_tanh.quant.json';
import found from '../../references/twins/twins.json';
import { failureFrom, oneSentence } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type ModelParts, type TensorParts, type TensorValue } from '../onnxModel';
import { roundedParts, roundedWeight } from '../quantisedParts';
import { npyBytes } from '../samples/writers';

const folder = temporaryFolder();
const twin = (name: string): string => resolve(`test/references/twins/${name}.onnx`);
const data = (name: string): AnalysisRequest['samples'] => ({
  kind: 'file',
  path: resolve(`test/references/formats/${name}.npz`),
  inputs: {},
  labels: null,
});

const run = (
  model: string,
  samples: AnalysisRequest['samples'],
  said: Partial<AnalysisRequest> = {},
): Promise<Evaluation> =>
  evaluate({ ...requestDefaults, threads: 1, model, samples, ...said }, () => undefined);

/** mlp_tanh with weights in so many bits, and all else in float. */
async function weightsRounded(bits: number, group: number): Promise<string> {
  const { graph } = await readModel(resolve('test/references/formats/mlp_tanh.default.onnx'), null);
  const parts = (['fc1', 'fc2'] as const).map((layer) => {
    const tensor = graph.initialisers.get(`${layer}.weight`);
    const bias = graph.initialisers.get(`${layer}.bias`);
    const [rows = 0, columns = 0] = tensor?.dims ?? [];
    const own = Math.min(group, columns);
    const { whole, scale } = roundedWeight(tensor?.data as Float32Array, [rows, columns], bits, own);
    return { layer, whole, scale: { dims: [rows, columns / own], data: scale }, own, bias };
  });
  const gemm = (layer: string, input: string, output: string): ModelParts['nodes'][number] => ({
    operator: 'Gemm',
    inputs: [input, `${layer}.weight`, `${layer}.bias`],
    outputs: [output],
    attributes: { transB: { int: 1 } },
  });
  const model = onnxModel({
    opset: 21,
    irVersion: 10,
    nodes: [
      ...parts.map(({ layer, own }) => ({
        operator: 'DequantizeLinear',
        inputs: [`${layer}.whole`, `${layer}.scale`],
        outputs: [`${layer}.weight`],
        attributes: { axis: { int: 1 }, block_size: { int: own } },
      })),
      gemm('fc1', 'input', 'hidden'),
      { operator: 'Tanh', inputs: ['hidden'], outputs: ['bent'] },
      gemm('fc2', 'bent', 'output'),
    ],
    initialisers: Object.fromEntries<TensorValue | TensorParts>(
      parts.flatMap(({ layer, whole, scale, bias }) => [
        [`${layer}.whole`, whole],
        [`${layer}.scale`, scale],
        [`${layer}.bias`, { dims: bias?.dims ?? [], data: bias?.data as Float32Array }],
      ]),
    ),
    inputs: [{ name: 'input', dims: ['N', 64] }],
    outputs: [{ name: 'output', dims: ['N', 10] }],
  });
  return folder.write(`mlp_tanh.int${bits}.onnx`, model);
}

const float = (): Promise<Evaluation> =>
  run(resolve('test/references/formats/mlp_tanh.default.onnx'), data('mlp_tanh'));

describe('a model that is only run', () => {
  it.each([
    ['int8_channel', 8, 64],
    ['int4_group32', 4, 32],
  ] as const)('has the loss that float64 finds of weights rounded by %s', async (rule, bits, group) => {
    const changed = quant.methods[rule].find(({ tensor }) => tensor === 'all')?.d_loss ?? Number.NaN;
    const before = await float();
    const after = await run(await weightsRounded(bits, group), data('mlp_tanh'));
    expect(before.report.samples.meanLoss).toBeCloseTo(quant.loss, 6);
    expect(after.report.samples.meanLoss).toBeCloseTo(quant.loss + changed, 6);
    expect(sampleChanges(before.samples, after.samples)?.loss?.value).toBeCloseTo(changed, 6);
  });

  it.each(['cnn_bn.qdq', 'cnn_bn.qoperator', 'cnn_bn.dynamic', 'mlp_tanh.softmax.qdq'] as const)(
    'is told of as by onnxruntime and numpy: %s',
    async (name) => {
      const [model = ''] = name.split('.');
      const isSoftmax = name.includes('softmax');
      const before = await run(twin(isSoftmax ? 'mlp_tanh.softmax' : 'cnn_bn.default'), data(model));
      const { report, samples } = await run(twin(name), data(model));
      const expected = found[name];
      expect(report.samples.meanLoss).toBeCloseTo(expected.loss, 5);
      expect(report.samples.accuracy).toBeCloseTo(expected.accuracy, 12);
      // The place of the loss has the name that it has in the float model.
      expect([report.loss, report.model.output]).toEqual([before.report.loss, before.report.model.output]);
      const changes = sampleChanges(before.samples, samples);
      const { value = 0, upper = 0 } = changes?.loss ?? {};
      expect(value).toBeCloseTo(expected.change, 5);
      expect((upper - value) / 1.96).toBeCloseTo(expected.error, 5);
      expect(changes?.predictions).toEqual({ count: changes?.samples, changed: expected.changed });
      expect(changes?.risen.map(({ index }) => index)).toEqual(expected.risen);
      const notes = report.warnings.filter(({ message }) => message.includes('rounded afterwards'));
      expect(notes).toHaveLength(isSoftmax ? 1 : 0);
    },
  );

  it('computes with whole numbers as QLinearMatMul and MatMulInteger say', async () => {
    const whole = (values: number[]) => ({ dims: [2, 2], data: Uint8Array.from(values) });
    const initialisers = {
      one: { dims: [], data: Float32Array.of(1) },
      none: { dims: [], data: Uint8Array.of(0) },
      w: whole([1, 3, 2, 1]),
    };
    const inputs = [{ name: 'x', dims: ['N', 2] }];
    const outputs = [{ name: 'y', dims: ['N', 2] }];
    const quantise = { operator: 'QuantizeLinear', inputs: ['x', 'one', 'none'], outputs: ['xq'] };
    const linear = await folder.write(
      'linear.onnx',
      onnxModel({
        nodes: [
          quantise,
          {
            operator: 'QLinearMatMul',
            inputs: ['xq', 'one', 'none', 'w', 'one', 'none', 'one', 'none'],
            outputs: ['yq'],
          },
          { operator: 'DequantizeLinear', inputs: ['yq', 'one', 'none'], outputs: ['y'] },
        ],
        ...{ initialisers, inputs, outputs },
      }),
    );
    const integer = await folder.write(
      'integer.onnx',
      onnxModel({
        nodes: [
          quantise,
          { operator: 'MatMulInteger', inputs: ['xq', 'w'], outputs: ['yi'] },
          { operator: 'Cast', inputs: ['yi'], outputs: ['y'], attributes: { to: { int: 1 } } },
        ],
        ...{ initialisers, inputs, outputs },
      }),
    );
    const path = await folder.write(
      'x.npy',
      npyBytes({ type: 'f4', shape: [2, 2], values: [1.2, 0, 0.9, 1.1] }),
    );
    // Logits (1, 3) and (3, 4): without labels the classes are those of the larger.
    const loss = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(-1))) / 2;
    for (const model of [linear, integer]) {
      const { report, samples } = await run(model, { kind: 'file', path, inputs: {}, labels: null });
      expect(report.samples.meanLoss).toBeCloseTo(loss, 6);
      expect([...(samples.predictions ?? [])]).toEqual([1, 1]);
      // The labels are its own: its loss is no change of another's.
      expect(samples.targets).toBeNull();
    }
  });

  it('keeps its refusal where the head is not certain, and says what to give', async () => {
    const fused = await failureFrom(() => run(twin('mlp_tanh.softmax.qoperator'), data('mlp_tanh')));
    expect(fused.message).toMatch(/It is not certain what the output "probabilities" holds.*--output/);
    expect(fused.message).toMatch(oneSentence);
    const decayed = await failureFrom(() => run(twin('cnn_bn.qdq'), data('cnn_bn'), { weightDecay: 0.1 }));
    expect(decayed.message).toMatch(/leave out --weight-decay/);
  });

  it.each([
    [
      'whole numbers',
      [{ operator: 'Cast', inputs: ['z'], outputs: ['y'], attributes: { to: { int: 6 } } }],
      /holds integers/,
    ],
    [
      'chance',
      [
        { operator: 'RandomNormalLike', inputs: ['z'], outputs: ['noise'] },
        { operator: 'Add', inputs: ['z', 'noise'], outputs: ['y'] },
      ],
      /draws random numbers/,
    ],
  ] as const)('is refused with an output of %s', async (name, nodes, sentence) => {
    const model = onnxModel({
      nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] }, ...nodes],
      initialisers: { w: { dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) } },
      inputs: [{ name: 'x', dims: ['N', 2] }],
      outputs: [{ name: 'y', dims: ['N', 2], ...(name === 'chance' ? {} : { type: DataType.INT32 }) }],
    });
    const path = await folder.write(`${name}.onnx`, model);
    const failure = await failureFrom(() => run(path, { kind: 'random', count: 4 }));
    expect(failure.message).toMatch(sentence);
  });

  it('is held against no other samples', async () => {
    const all = await float();
    const few = await run(twin('mlp_tanh.softmax.qdq'), data('mlp_tanh'), { limit: 50 });
    expect(sampleChanges(all.samples, few.samples)).toBeNull();
    const half = { ...all.samples, targets: 'others' };
    expect(sampleChanges(all.samples, half)).toMatchObject({
      loss: null,
      risen: [],
      predictions: { changed: 0 },
    });
  });

  it('finds the classes of a network that is rounded everywhere', async () => {
    const parts: ModelParts = {
      nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      initialisers: { w: { dims: [2, 2], data: Float32Array.of(1, -1, -1, 1) } },
      inputs: [{ name: 'x', dims: ['N', 2] }],
      outputs: [{ name: 'y', dims: ['N', 2] }],
    };
    const path = await folder.write(
      'rounded.npy',
      npyBytes({ type: 'f4', shape: [2, 2], values: [0.51, 0, 0, 0.3] }),
    );
    const model = await folder.write('rounded.onnx', onnxModel(roundedParts(parts, 1 / 4)));
    const { report } = await run(model, { kind: 'file', path, inputs: {}, labels: null });
    // Logits ±0.51 and ±0.3 become ±0.5 and ±0.25.
    expect(report.samples.meanLoss).toBeCloseTo(
      (Math.log1p(Math.exp(-1)) + Math.log1p(Math.exp(-0.5))) / 2,
      6,
    );
  });
});
