import type { AttributeValue, TensorValue } from '../../onnxModel';
import type { OperatorCase } from './operatorCase';
import { countOf, ints } from './operatorCase';

const reals = (...data: number[]): TensorValue => ({ dims: [data.length], data: Float32Array.from(data) });
const none: TensorValue = { dims: [0], data: new Float32Array(0) };
const image = [2, 4, 5];

/** [2, height, width] */
const resized = (height: number, width: number): number => countOf([2, height, width]);

const text = (value: string): AttributeValue => ({ string: value });

const byScales = (
  mode: string,
  transformation: string,
  [height, width]: readonly [number, number],
  size: number,
  more: Readonly<Record<string, AttributeValue>> = {},
  note = '',
): OperatorCase => ({
  operator: 'Resize',
  note: `${mode}, ${transformation}, ${height} × ${width}${note}`,
  shape: image,
  size,
  opset: 13,
  float32Only: true,
  tensors: { roi: none, scales: reals(1, 1, height, width) },
  attributes: { mode: text(mode), coordinate_transformation_mode: text(transformation), ...more },
});

const transformations = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const;
const factors: readonly (readonly [readonly [number, number], number])[] = [
  [[2, 3], resized(8, 15)],
  [[0.5, 0.6], resized(2, 3)],
  [[1.7, 1], resized(6, 5)],
];

const withSizes = (
  opset: number,
  height: number,
  width: number,
  more: OperatorCase['attributes'] & {},
): OperatorCase => ({
  operator: 'Resize',
  note: `to sizes ${JSON.stringify(more)}`,
  shape: image,
  size: resized(height, width),
  opset,
  float32Only: true,
  nodes: [
    { operator: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { end: { int: 2 } } },
    { operator: 'Concat', inputs: ['n', 'spatial'], outputs: ['sizes'], attributes: { axis: { int: 0 } } },
    { operator: 'Resize', inputs: ['x', '', '', 'sizes'], outputs: ['y'], attributes: more },
  ],
  tensors: { spatial: ints(height, width) },
});

/** What makes an image larger or smaller. */
export const resizingCases: readonly OperatorCase[] = [
  ...['nearest', 'linear', 'cubic'].flatMap((mode) =>
    transformations.flatMap((transformation) =>
      factors.map(([factor, size]) => byScales(mode, transformation, factor, size)),
    ),
  ),
  ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap((rounding) =>
    factors.map(([factor, size]) =>
      byScales('nearest', 'half_pixel', factor, size, { nearest_mode: text(rounding) }, `, ${rounding}`),
    ),
  ),
  byScales('nearest', 'tf_half_pixel_for_nn', [1.7, 2], resized(6, 10), { nearest_mode: text('floor') }),
  byScales(
    'cubic',
    'half_pixel',
    [2, 3],
    resized(8, 15),
    { exclude_outside: { int: 1 }, cubic_coeff_a: { float: -0.5 } },
    ', without what is outside',
  ),
  { ...byScales('linear', 'half_pixel_symmetric', [1.7, 0.55], resized(6, 2)), opset: 19 },
  withSizes(15, 7, 3, { mode: text('linear') }),
  withSizes(19, 3, 11, { mode: text('cubic') }),
  withSizes(15, 9, 2, { mode: text('nearest') }),
  {
    operator: 'Resize',
    note: 'of some axes, in the given proportions',
    shape: image,
    size: resized(8, 10),
    opset: 18,
    float32Only: true,
    nodes: [
      {
        operator: 'Resize',
        inputs: ['x', '', '', 'sizes'],
        outputs: ['y'],
        attributes: {
          mode: text('nearest'),
          axes: { ints: [2, 3] },
          keep_aspect_ratio_policy: text('not_larger'),
        },
      },
    ],
    tensors: { sizes: ints(8, 11) },
  },
  {
    operator: 'Resize',
    note: 'of operator set 10',
    shape: image,
    size: resized(6, 3),
    opset: 10,
    float32Only: true,
    tensors: { scales: reals(1, 1, 1.5, 0.6) },
  },
  {
    operator: 'Resize',
    note: 'of operator set 10, linear',
    shape: image,
    size: resized(6, 3),
    opset: 10,
    float32Only: true,
    tensors: { scales: reals(1, 1, 1.5, 0.6) },
    attributes: { mode: text('linear') },
  },
  ...['nearest', 'linear'].flatMap((mode): OperatorCase[] => [
    {
      operator: 'Upsample',
      note: mode,
      shape: image,
      size: resized(6, 15),
      opset: 9,
      float32Only: true,
      tensors: { scales: reals(1, 1, 1.5, 3) },
      attributes: { mode: text(mode) },
    },
    {
      operator: 'Upsample',
      note: `${mode}, scales as an attribute`,
      shape: image,
      size: resized(8, 10),
      opset: 8,
      float32Only: true,
      attributes: { mode: text(mode), scales: { floats: [1, 1, 2, 2] } },
    },
  ]),
  ...['edge', 'reflect', 'wrap'].flatMap((mode): OperatorCase[] => [
    {
      operator: 'Pad',
      note: mode,
      shape: [2, 4, 5],
      size: countOf([2, 7, 9]),
      opset: 19,
      tensors: { pads: ints(0, 0, 2, 1, 0, 0, 1, 3) },
      attributes: { mode: text(mode) },
    },
  ]),
  {
    operator: 'Pad',
    note: 'reflect, some axes',
    shape: [4, 5],
    size: 36,
    opset: 18,
    nodes: [
      {
        operator: 'Pad',
        inputs: ['x', 'pads', '', 'axes'],
        outputs: ['y'],
        attributes: { mode: text('reflect') },
      },
    ],
    tensors: { pads: ints(1, 3), axes: ints(-1) },
  },
  {
    operator: 'Pad',
    note: 'edge, pads as an attribute',
    shape: [4, 5],
    size: 32,
    opset: 10,
    attributes: { mode: text('edge'), pads: { ints: [0, 0, 1, 0, 0, 2] } },
  },
];
