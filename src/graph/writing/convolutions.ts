import type { Value, Windows } from '../static/value';
import type { NodeWriter } from './nodeWriter';

/** onnxruntime's convolution knows up to three spatial axes; the samples are one of them here. */
const mostSpatialAxes = 2;

/** The columns of a product that a convolution computes without forming them. */
export interface Columns {
  /** [C, N, spatial...] */
  readonly images: Value;
  readonly windows: Windows;
  /** The values that need not be written. */
  readonly inner: readonly Value[];
}

/** How often each value is read by what is computed. */
export function usesAmong(
  ordered: readonly Value[],
  given: ReadonlyMap<Value, string>,
): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of ordered) {
    if (given.has(value)) continue;
    for (const input of value.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  }
  return uses;
}

/**
 * Products of a matrix of kernels with columns that nothing else reads: the kernel of a convolution, which there is in
 * float32 only, takes the windows from the images as it goes.
 */
export function convolutionsAmong(
  ordered: readonly Value[],
  outputs: ReadonlySet<Value>,
  given: ReadonlyMap<Value, string>,
): ReadonlyMap<Value, Columns> {
  const uses = usesAmong(ordered, given);
  const hidden = (value: Value): boolean => uses.get(value) === 1 && !outputs.has(value) && !given.has(value);
  const found = new Map<Value, Columns>();
  for (const value of ordered) {
    if (given.has(value)) continue;
    const flat = findConvolvedColumns(value);
    const [columns] = flat?.inputs ?? [];
    const [images] = columns?.inputs ?? [];
    if (flat === null || columns?.operation.kind !== 'im2col' || images === undefined) continue;
    if (hidden(flat) && hidden(columns)) {
      found.set(value, { images, windows: columns.operation.windows, inner: [flat, columns] });
    }
  }
  return found;
}

/** The flattened columns that a product of kernels with them reads, where a convolution could do it; else null. */
export function findConvolvedColumns({ operation, inputs, dims }: Value): Value | null {
  if (operation.kind !== 'matmul' || operation.transA || operation.transB || dims.length !== 2) return null;
  const [, flat] = inputs;
  const [columns] = flat?.operation.kind === 'reshape' ? flat.inputs : [];
  if (flat === undefined || columns?.operation.kind !== 'im2col') return null;
  return columns.dims.length - 2 <= mostSpatialAxes ? flat : null;
}

/** One image with the samples as its first spatial axis, along which the kernels have size 1. */
export function writeConvolution(
  w: NodeWriter,
  value: Value,
  { images, windows }: Columns,
  nameOf: (value: Value) => string,
): void {
  const [kernels] = value.inputs;
  const [rows = 0] = value.dims;
  const [channels = 0] = images.dims;
  const weight = w.emit('Reshape', [
    kernels === undefined ? '' : nameOf(kernels),
    w.integers([rows, channels, 1, ...windows.kernel]),
  ]);
  const input = w.emit('Reshape', [nameOf(images), w.integers([1, ...images.dims])]);
  const maps = w.emit('Conv', [input, weight], {
    kernel_shape: [1, ...windows.kernel],
    strides: [1, ...windows.strides],
    dilations: [1, ...windows.dilations],
    pads: [0, ...windows.padsBefore, 0, ...windows.padsAfter],
  });
  w.emit('Reshape', [maps, w.integers(value.dims)], {}, nameOf(value));
}
