/** The numbers that IEEE 754 binary16 bit patterns stand for; every one of them is a float32. */
export function widenFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (pattern) => {
    const sign = pattern & 0x8000 ? -1 : 1;
    const exponent = (pattern >> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** The numbers that bfloat16 bit patterns stand for: a bfloat16 is the upper half of a float32. */
export function widenBfloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const patterns = Uint32Array.from(bits, (pattern) => pattern << 16);
  return new Float32Array(patterns.buffer);
}

/** The IEEE 754 binary16 bit patterns of the numbers nearest to these, ties to even. */
export function narrowToFloat16(values: Float64Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const size = Math.abs(value);
    if (Number.isNaN(size)) return 0x7e00;
    // Halfway from the largest number to the next power of two.
    if (size >= 65520) return sign | 0x7c00;
    // Steps of 2⁻²⁴ below 2⁻¹⁴, of 2ᵉ⁻¹⁰ from 2ᵉ on; a fraction that rounds up to 1024 carries into the exponent.
    const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
    const steps = roundedToEven(size / 2 ** (exponent - 10));
    return sign | (steps + (exponent + 14) * 1024);
  });
}

function roundedToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
