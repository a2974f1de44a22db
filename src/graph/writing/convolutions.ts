import { sizeOf, type Value, type Windows } from '../static/value';
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
 * Products of kernels with columns: the kernel of a convolution, which there is in float32 only, takes the windows from the
 * images as it goes. Of one matrix of kernels, where nothing else reads the columns; of a stack of them, for every group of
 * channels, always: its products have few rows, for which columns take longer to read than images.
 */
export function convolutionsAmong(
  ordered: readonly Value[],
  outputs: ReadonlySet<Value>,
  given: ReadonlyMap<Value, string>,
): ReadonlyMap<Value, Columns> {
  const computed = ordered.filter((value) => !given.has(value));
  const hidden = onlyConvolved(computed, usesAmong(ordered, given));
  const isHidden = (value: Value): boolean => hidden.has(value) && !outputs.has(value) && !given.has(value);
  const found = new Map<Value, Columns>();
  for (const value of computed) {
    const flat = findConvolvedColumns(value);
    const [columns] = flat?.inputs ?? [];
    const [images] = columns?.inputs ?? [];
    if (flat === null || columns?.operation.kind !== 'im2col' || images === undefined) continue;
    if (given.has(flat) || given.has(columns)) continue;
    const inner = [flat, columns].filter(isHidden);
    if (inner.length === 2 || value.dims.length === 3)
      found.set(value, { images, windows: columns.operation.windows, inner });
  }
  return found;
}

/** Columns, and what flattens them, that only convolutions read, which never form them. */
export function onlyConvolved(
  ordered: readonly Value[],
  uses: ReadonlyMap<Value, number>,
): ReadonlySet<Value> {
  const known = new Map<Value, number>();
  const found = new Set<Value>();
  const count = (value: Value): void => {
    const times = (known.get(value) ?? 0) + 1;
    known.set(value, times);
    if (times < (uses.get(value) ?? 0)) return;
    found.add(value);
    const [columns] = value.inputs;
    if (value.operation.kind === 'reshape' && columns !== undefined) count(columns);
  };
  for (const value of ordered) {
    const flat = findConvolvedColumns(value);
    if (flat !== null) count(flat);
  }
  return found;
}

/** The flattened columns that a product of kernels with them reads, where a convolution could do it; else null. */
export function findConvolvedColumns({ operation, inputs, dims }: Value): Value | null {
  if (operation.kind !== 'matmul' || operation.transA || operation.transB || dims.length > 3) return null;
  const [kernels, flat] = inputs;
  if (kernels?.dims.length !== dims.length || kernels.dims[0] !== dims[0]) return null;
  const [columns] = flat?.operation.kind === 'reshape' ? flat.inputs : [];
  if (flat === undefined || columns?.operation.kind !== 'im2col') return null;
  return columns.dims.length - 2 <= mostSpatialAxes ? flat : null;
}

/**
 * One image with the samples as its first spatial axis, along which the kernels have size 1; where each channel has its own
 * kernel, one with every channel of every sample, for onnxruntime's own loop for these knows two spatial axes.
 */
export function writeConvolution(
  w: NodeWriter,
  value: Value,
  { images, windows }: Columns,
  nameOf: (value: Value) => string,
): void {
  const [kernels] = value.inputs;
  const [channels = 0, count = 0, ...spatial] = images.dims;
  const group = value.dims.length === 3 ? value.dims[0]! : 1;
  const rows = sizeOf(value.dims.slice(0, -1));
  const isDepthwise = group === channels && rows === channels;
  const name = kernels === undefined ? '' : nameOf(kernels);
  const taps = sizeOf(windows.kernel);
  const repeated = isDepthwise ? w.emit('Expand', [name, w.integers([channels, count, taps])]) : name;
  const [ofSamples, none] = isDepthwise ? [[], []] : [[1], [0]];
  const weightDims = isDepthwise ? [channels * count, 1] : [rows, channels / group, 1];
  const weight = w.emit('Reshape', [repeated, w.integers([...weightDims, ...windows.kernel])]);
  const imageDims = isDepthwise ? [channels * count] : [channels, count];
  const input = w.emit('Reshape', [nameOf(images), w.integers([1, ...imageDims, ...spatial])]);
  const maps = w.emit('Conv', [input, weight], {
    group: isDepthwise ? channels * count : group,
    kernel_shape: [...ofSamples, ...windows.kernel],
    strides: [...ofSamples, ...windows.strides],
    dilations: [...ofSamples, ...windows.dilations],
    pads: [...none, ...windows.padsBefore, ...none, ...windows.padsAfter],
  });
  w.emit('Reshape', [maps, w.integers(value.dims)], {}, nameOf(value));
}
