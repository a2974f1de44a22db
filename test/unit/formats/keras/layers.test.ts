import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../src/formats/model';
import { readModel } from '../../../../src/formats/readModel';
import type { RunFeeds } from '../../../../src/runtime/session';
import { results } from '../running';
import { temporaryFolder } from '../temporaryFolder';

const folder = join(import.meta.dirname, '../../../references/keras');
const temporary = temporaryFolder();

interface Numbers {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** What Keras computed, by test/references/keras/make_models.py. */
interface Expected {
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly outputs: readonly Numbers[];
  readonly trained: number;
}

async function expectedOf(name: string): Promise<Expected> {
  return JSON.parse(gunzipSync(await readFile(join(folder, `${name}.json.gz`))).toString()) as Expected;
}

async function modelAt(name: string, kind: 'keras' | 'h5'): Promise<Model> {
  if (kind === 'keras') return readModel(join(folder, `${name}.keras`));
  return readModel(
    await temporary.write(`${name}.h5`, gunzipSync(await readFile(join(folder, `${name}.h5.gz`)))),
  );
}

/** The other models lie in both. */
const kinds: Readonly<Partial<Record<string, readonly ('keras' | 'h5')[]>>> = {
  volumes: ['keras'],
  keras2: ['h5'],
  keras213: ['keras'],
};

describe.each([
  { name: 'images', outputs: 39 },
  { name: 'sequences', outputs: 37 },
  { name: 'vectors', outputs: 52 },
  { name: 'tokens', outputs: 3 },
  { name: 'volumes', outputs: 7 },
  { name: 'compiled', outputs: 1 },
  { name: 'keras2', outputs: 1 },
  { name: 'keras213', outputs: 1 },
  { name: 'axes', outputs: 28 },
  { name: 'masks', outputs: 33 },
  { name: 'masked', outputs: 1 },
])('the layers of $name', ({ name, outputs }) => {
  describe.each(kinds[name] ?? (['keras', 'h5'] as const))('in a .%s file', (kind) => {
    let model: Model;
    let expected: Expected;
    let found: Awaited<ReturnType<typeof results>>;

    beforeAll(async () => {
      [model, expected] = await Promise.all([modelAt(name, kind), expectedOf(name)]);
      const feeds: RunFeeds = Object.fromEntries(
        model.graph.inputs.map(({ name: input, type }) => {
          // A Sequential model's input has no name of its own.
          const given = expected.inputs[input] ?? Object.values(expected.inputs)[0];
          if (given === undefined) throw new Error(`No input ${input}`);
          const data =
            type === 'int64' ? BigInt64Array.from(given.data, BigInt) : Float32Array.from(given.data);
          return [input, { dims: given.dims, data }];
        }),
      );
      found = await results(model.executable(model.graph.outputs.map((output) => output.name)), feeds);
    });

    it('are all there, with the parameters that Keras trains', () => {
      expect(model.graph.outputs).toHaveLength(outputs);
      const sizes = [...(model.parameters?.trained ?? [])].map(
        (parameter) => model.graph.initialisers.get(parameter)?.data.length ?? NaN,
      );
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(expected.trained);
    });

    it.each(Array.from({ length: outputs }, (_, at) => at))('give what Keras gives, output %i', (at) => {
      const output = model.graph.outputs[at]?.name ?? '';
      const wanted = expected.outputs[at];
      const result = found[output];
      expect({ output, dims: result?.dims }).toEqual({ output, dims: wanted?.dims });
      expect({ output, declared: model.graph.outputs[at]?.dims?.slice(1) }).toEqual({
        output,
        declared: wanted?.dims.slice(1),
      });
      const largest = Math.max(1, ...(wanted?.data ?? []).map(Math.abs));
      const error = Math.max(
        ...(wanted?.data ?? []).map((value, i) => Math.abs(value - Number(result?.data[i]))),
      );
      expect({ output, isClose: error < 1e-5 * largest }).toEqual({ output, isClose: true });
    });
  });
});
