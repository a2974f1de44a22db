/**
 * Random numbers that depend on nothing but their seed: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2021), its state filled from the seed by the finaliser of MurmurHash3 over a Weyl sequence.
 */
export class SeededRandom {
  private readonly state: Uint32Array;
  private spareNormal: number | null = null;

  private constructor(state: Uint32Array) {
    this.state = state;
  }

  /** A safe integer of either sign; all of its bits count. */
  static fromSeed(seed: number): SeededRandom {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed ${String(seed)} is no integer`);
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    const state = new Uint32Array(4);
    let weyl = high ^ mix(low);
    for (let word = 0; word < 4; word++) {
      weyl = (weyl + 0x9e3779b9) >>> 0;
      state[word] = mix(weyl);
    }
    return SeededRandom.fromState(state);
  }

  /** The published generator's own state, four words, not all zero. */
  static fromState(state: Uint32Array): SeededRandom {
    if (state.length !== 4 || state.every((word) => word === 0))
      throw new RangeError('no state of xoshiro128**');
    return new SeededRandom(state.slice());
  }

  /** Uniform over the integers from 0 to 2^32 - 1. */
  nextUint32(): number {
    const { state } = this;
    const [first, second, third, fourth] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = Math.imul(rotateLeft(Math.imul(second, 5), 7), 9) >>> 0;
    const mixedThird = third ^ first;
    const mixedFourth = fourth ^ second;
    state[0] = first ^ mixedFourth;
    state[1] = second ^ mixedThird;
    state[2] = mixedThird ^ (second << 9);
    state[3] = rotateLeft(mixedFourth, 11);
    return result;
  }

  /** Uniform over the multiples of 2^-53 in [0, 1). */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** Uniform over the integers from 0 to bound - 1; the bound is far below 2^53. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal, by the polar method of Marsaglia and Bray (1964). */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spareNormal = y * factor;
      return x * factor;
    }
  }
}

/**
 * `wanted` of the numbers 0 … total - 1 without replacement, each set equally likely, in ascending order
 * (Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S).
 */
export function drawWithoutReplacement(total: number, wanted: number, seed: number): Int32Array {
  const random = SeededRandom.fromSeed(seed);
  const drawn = new Int32Array(Math.min(wanted, total));
  let filled = 0;
  for (let index = 0; filled < drawn.length; index++) {
    if ((total - index) * random.uniform() < drawn.length - filled) drawn[filled++] = index;
  }
  return drawn;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** MurmurHash3's 32-bit finaliser: a bijection in which every input bit reaches every output bit. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
