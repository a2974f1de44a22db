import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @type {import('../../src/report/report').Report} */
const small = JSON.parse(
  readFileSync(fileURLToPath(new URL('fixtures/report.json', import.meta.url)), 'utf8'),
);

/**
 * A report as of a network of many layers, all their blocks and 50,000 samples, whose numbers are those of the fixture over
 * and over.
 *
 * @param {number} layerCount
 * @returns {import('../../src/report/report').Report}
 */
export function largeReport(layerCount) {
  /**
   * @template T
   * @param {readonly T[]} values
   * @returns {T[]}
   */
  const over = (values) =>
    Array.from({ length: layerCount }, (_, l) => /** @type {T} */ (values[l % values.length]));
  const row = (/** @type {number} */ l) =>
    Array.from({ length: layerCount }, (_, m) => ({ value: 2 ** -(Math.abs(l - m) % 8), standardError: 0 }));
  return {
    ...small,
    layers: over(small.layers).map((layer, l) => ({
      ...layer,
      name: `encoder.layers.${String(Math.floor(l / 4))}.attention.part${String(l % 4)}`,
      contribution: { value: Math.sin(l) + 1.1, standardError: 0 },
    })),
    samples: { ...small.samples, count: 50_000 },
    blocks: Array.from({ length: layerCount }, (_, l) => row(l)),
    orthogonality: small.orthogonality && {
      ...small.orthogonality,
      layers: over(small.orthogonality.layers),
    },
  };
}
