import { expect, it } from 'vitest';
import { RunMemory } from '../../../src/host/runMemory';

function memory(): RunMemory {
  const stored = new Map<string, unknown>();
  return new RunMemory({
    get: (key) => stored.get(key),
    update: (key, value) => {
      stored.set(key, JSON.parse(JSON.stringify(value)));
      return Promise.resolve();
    },
  });
}

function run(count: number) {
  return { source: { kind: 'random', count } as const, fingerprints: { a: `${String(count)} 1` } };
}

it('recalls the last run of each model, and null for others', async () => {
  const runs = memory();
  expect(runs.recall('a')).toBeNull();
  await runs.remember('a', run(1));
  await runs.remember('b', run(2));
  await runs.remember('a', run(3));
  expect(runs.recall('a')).toEqual(run(3));
  expect(runs.recall('b')).toEqual(run(2));
});

it('forgets the oldest and not the newest', async () => {
  const runs = memory();
  for (let count = 0; count < 200; count++) await runs.remember(`m${String(count)}`, run(count));
  expect(runs.recall('m0')).toBeNull();
  expect(runs.recall('m199')).toEqual(run(199));
});
