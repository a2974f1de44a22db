import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tryLayers } from '../../../src/analysis/tryLayers';
import { proposedArchitecture, readModel } from '../../../src/formats/readModel';
import { AskedLayers } from '../../../src/host/askedLayers';
import { noOptions, type RequestOptions } from '../../../src/report/request';
import { parseArchitecture, type Architecture } from '../../../src/report/architecture';
import { readSamples } from '../../../src/samples/readSamples';
import { temporaryFolder } from '../formats/temporaryFolder';

const folder = temporaryFolder();

function architecture(json: unknown): Architecture {
  const parsed = parseArchitecture(json);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.value;
}

async function copied(...names: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const name of names) {
    const path = await folder.write(name, '');
    await copyFile(
      fileURLToPath(new URL(`../../references/formats/${basename(name)}`, import.meta.url)),
      path,
    );
    paths.push(path);
  }
  return paths;
}

async function truth(model: string): Promise<{ readonly float32_loss: number; readonly accuracy: number }> {
  const path = new URL(`../../references/formats/${model}.ref.json`, import.meta.url);
  return JSON.parse(await readFile(path, 'utf8')) as Awaited<ReturnType<typeof truth>>;
}

async function asked(file: string, said: Partial<RequestOptions> = {}): Promise<AskedLayers> {
  return new AskedLayers(
    await proposedArchitecture(file),
    (architectures) => tryLayers({ file, said: { ...noOptions, ...said }, architectures }),
    () => undefined,
    () => false,
  );
}

describe('layers that are tried', () => {
  it('have the loss and accuracy that PyTorch gives, on the file beside the weights', async () => {
    const [file = ''] = await copied('mlp_tanh.state.pt', 'mlp_tanh.npz');
    const layers = (word: string): Architecture =>
      architecture({ layers: [{ linear: 'fc1' }, word, { linear: 'fc2' }] });
    const wrong = architecture({ layers: [{ linear: 'fc2' }, { linear: 'fc1' }] });
    const trials = await tryLayers({
      ...{ file, said: noOptions },
      architectures: [layers('tanh'), layers('relu'), wrong],
    });
    const { float32_loss, accuracy } = await truth('mlp_tanh');
    expect(trials).toEqual([
      {
        ok: true,
        loss: expect.closeTo(float32_loss, 6) as number,
        accuracy: expect.closeTo(accuracy, 6) as number,
        of: 'cross-entropy',
        source: 'mlp_tanh.npz',
        count: 200,
      },
      expect.objectContaining({ ok: true }),
      {
        ok: false,
        fault: expect.stringMatching(
          /^The architecture does not fit "mlp_tanh\.state\.pt": layer 2 /,
        ) as string,
      },
    ]);
    expect(trials[1]).toHaveProperty('loss', expect.closeTo(await reluLoss(), 5));
  });

  it('need samples with labels', async () => {
    const [file = ''] = await copied('mlp_tanh.safetensors');
    const alone = join(await mkdtemp(join(dirname(file), 'alone-')), 'm.safetensors');
    await copyFile(file, alone);
    const architectures = [architecture({ layers: [{ linear: 'fc1' }, 'tanh', { linear: 'fc2' }] })];
    expect(await tryLayers({ file: alone, said: noOptions, architectures })).toEqual([
      { ok: false, fault: expect.stringMatching(/^No data file beside the model fits/) as string },
    ]);
  });
});

/** The loss with ReLU, from the arrays of the file alone. */
async function reluLoss(): Promise<number> {
  const [onnx = '', path = ''] = await copied('mlp_tanh.default.onnx', 'mlp_tanh.npz');
  const { graph } = await readModel(onnx);
  const tensor = (name: string): number[] => Array.from(graph.initialisers.get(name)!.data, Number);
  const source = { kind: 'file', path, inputs: {}, labels: null } as const;
  const spec = { name: 'x', type: 'float32', dims: [64] } as const;
  const { inputs, labels } = await readSamples(source, [spec], {
    ...{ scale: 1, limit: null, seed: 0, ignoreLabel: null, leaveOutBroken: false, classNames: null },
  });
  const dense = (input: readonly number[], layer: string): number[] =>
    tensor(`${layer}.bias`).map((bias, o) =>
      input.reduce((sum, value, i) => sum + value * tensor(`${layer}.weight`)[o * input.length + i]!, bias),
    );
  const losses = Array.from(labels!.values, (label, n) => {
    const row = Array.from({ length: 64 }, (_, i) => Number(inputs[0]!.data[n * 64 + i]));
    const logits = dense(
      dense(row, 'fc1').map((z) => Math.max(0, z)),
      'fc2',
    );
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[label]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

describe('what is asked of a file of weights', () => {
  it('is the function, and every one is tried', async () => {
    const [file = ''] = await copied('mlp_tanh.state.pt', 'mlp_tanh.npz');
    const form = await asked(file);
    expect(form.form.questions.map(({ label }) => label)).toEqual(['Between fc1 and fc2']);
    expect(form.architecture).toBeNull();
    await form.try();
    const rows = form.form.tried?.rows ?? [];
    expect(rows.length).toBeGreaterThan(10);
    const { float32_loss } = await truth('mlp_tanh');
    const tanh = rows.find(({ caption }) => caption === 'tanh')!;
    expect(tanh.loss).toBeCloseTo(float32_loss, 6);
    expect(rows.map(({ loss }) => loss)).toEqual(rows.map(({ loss }) => loss).sort((a, b) => a - b));
    await form.answer({ ...tanh.answers, '0.stride': '1', nonsense: '"relu"', '1.function': '"tanh"' });
    expect(form.form.answers).toEqual({ '1.function': '"tanh"' });
    expect(form.architecture).toEqual({ layers: [{ linear: 'fc1' }, 'tanh', { linear: 'fc2' }] });
    // What was chosen stands among its alternatives: a wrong choice is seen.
    expect(form.form.tried?.rows.map(({ caption }) => caption)).toEqual(rows.map(({ caption }) => caption));
    await form.answer({ '1.function': '"no function"' });
    expect(form.form.answers).toEqual({});
  });

  it('are strides, padding and pooling, of which the sizes of the samples leave few', async () => {
    const [file = ''] = await copied('cnn_bn.state.pt', 'cnn_bn.npz');
    const form = await asked(file);
    await form.try();
    const { rows, sentence } = form.form.tried!;
    expect(sentence).toMatch(/^Shapes that fit, with relu/);
    // So it was made: see architectures.json.
    const made = rows.find(({ caption }) =>
      /^stride 1, padding same, pooling .* max 2, pooling .* average 2$/.test(caption),
    )!;
    const { float32_loss, accuracy } = await truth('cnn_bn');
    expect(made.loss).toBeCloseTo(float32_loss, 5);
    expect(made.accuracy).toBeCloseTo(accuracy, 6);
    expect(rows.length).toBeLessThan(10);
    await form.answer(made.answers);
    expect(form.form.complete).toBe(false);
    expect(form.form.tried!.rows.find(({ caption }) => caption === 'relu')!.loss).toBe(made.loss);
    expect(JSON.parse(form.text)).toHaveProperty('layers.2', '?');
    await form.answer({ ...made.answers, '2.function': '"relu"', '5.function': '"relu"' });
    expect(form.form.complete).toBe(true);
    expect(form.architecture?.layers).toHaveLength(10);
  });
});
