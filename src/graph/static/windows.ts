import type { Windows } from './value';
import { sizeOf } from './value';

/** Sizes of the spatial axes that the windows leave. */
export function windowCounts(spatial: readonly number[], windows: Windows): number[] {
  const { kernel, strides, dilations, padsBefore, padsAfter } = windows;
  return spatial.map((size, i) => {
    const reach = dilations[i]! * (kernel[i]! - 1) + 1;
    return Math.floor((size + padsBefore[i]! + padsAfter[i]! - reach) / strides[i]!) + 1;
  });
}

/** Where the first window has the tap with the given number, along every spatial axis. */
export function tapOffsets(tap: number, { kernel, dilations }: Windows): number[] {
  return kernel.map((k, i) => (Math.floor(tap / sizeOf(kernel.slice(i + 1))) % k) * dilations[i]!);
}
