import type { SeededRandom } from '../../../src/samples/random';

/** Numbers at which lengths, counts and indices go wrong. */
export const extremes: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  -2n,
  255n,
  65_536n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 62n,
  -(2n ** 63n),
];

/** One change of bytes that know nothing of their meaning. */
export function mutateBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(random.below(4) === 0 ? 64 : 8);
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(Math.min(bytes.length, at + length));
  switch (random.below(8)) {
    case 0:
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte));
    case 1:
      return bytes.map((byte, i) => (i === at ? random.below(256) : byte));
    case 2:
      return Buffer.concat([
        before,
        Uint8Array.from({ length }, () => random.below(256)),
        bytes.subarray(at),
      ]);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([before, bytes.subarray(at, at + length), bytes.subarray(at)]);
    case 5:
      return bytes.slice(0, at);
    case 6: {
      const number = Buffer.alloc(8);
      number.writeBigInt64LE(BigInt.asIntN(64, extremes[random.below(extremes.length)] ?? 0n));
      return Buffer.concat([before, number.subarray(0, random.below(2) === 0 ? 4 : 8), after]);
    }
    default: {
      const from = random.below(bytes.length + 1);
      return Buffer.concat([before, bytes.subarray(from, from + length), after]);
    }
  }
}

/** A number in a text, made another; where there is none, its bytes. */
export function mutateText(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
  const chosen = numbers[random.below(Math.max(1, numbers.length))];
  if (chosen === undefined || random.below(3) === 0) return mutateBytes(bytes, random);
  const others = [
    '',
    '-1',
    '1e999',
    'nan',
    'inf',
    '1e30',
    '99999999999',
    '0x10',
    '"',
    '[',
    ',',
    '\u0000',
    '\u001b[2J',
  ];
  const other = others[random.below(others.length)] ?? '';
  const end = chosen.index + chosen[0].length;
  return Buffer.from(text.slice(0, chosen.index) + other + text.slice(end), 'latin1');
}
