/** A npy file of numbers, row-major. */
export function npyFile(
  shape: readonly number[],
  numbers: readonly number[],
  type: '<f4' | '<f8' | '<i8',
): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((size) => `${size}, `).join('')}), }`;
  const text = `${header.padEnd(117)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  const arrays = {
    '<f4': () => Float32Array.from(numbers),
    '<f8': () => Float64Array.from(numbers),
    '<i8': () => BigInt64Array.from(numbers, BigInt),
  };
  return Buffer.concat([start, Buffer.from(text, 'latin1'), Buffer.from(arrays[type]().buffer)]);
}
