import type { ActivationName } from '../activationNamed';
import type { GraphBuilder } from './graphBuilder';

/** Ways in which exporters write an activation: the operator, or its definition in smaller ones. */
export const activationStyles: Readonly<
  Partial<Record<ActivationName, Readonly<Record<string, (b: GraphBuilder, z: string) => string>>>>
> = {
  identity: { nothing: (_, z) => z, operator: (b, z) => b.node('Identity', [z]) },
  relu: {
    operator: (b, z) => b.node('Relu', [z]),
    clip: (b, z) => b.node('Clip', [z, b.number(0)]),
    max: (b, z) => b.node('Max', [b.number(0), z]),
  },
  'leaky-relu': { operator: (b, z) => b.node('LeakyRelu', [z], { alpha: Math.fround(0.2) }) },
  tanh: { operator: (b, z) => b.node('Tanh', [z]) },
  sigmoid: {
    operator: (b, z) => b.node('Sigmoid', [z]),
    exponential: (b, z) => {
      const exponential = b.node('Exp', [b.node('Neg', [z])]);
      return b.node('Div', [b.number(1), b.node('Add', [exponential, b.number(1)])]);
    },
    reciprocal: (b, z) => {
      const exponential = b.node('Exp', [b.node('Mul', [z, b.number(-1)])]);
      return b.node('Reciprocal', [b.node('Add', [b.number(1), exponential])]);
    },
  },
  softplus: {
    operator: (b, z) => b.node('Softplus', [z]),
    logarithm: (b, z) => b.node('Log', [b.node('Add', [b.node('Exp', [z]), b.number(1)])]),
  },
  gelu: {
    operator: (b, z) => b.node('Gelu', [z]),
    pytorch: (b, z) => {
      const gate = b.node('Add', [b.node('Erf', [b.node('Div', [z, b.number(Math.SQRT2)])]), b.number(1)]);
      return b.node('Mul', [b.node('Mul', [z, gate]), b.number(0.5)]);
    },
    halfFirst: (b, z) => {
      const gate = b.node('Add', [b.number(1), b.node('Erf', [b.node('Mul', [z, b.number(Math.SQRT1_2)])])]);
      return b.node('Mul', [b.node('Mul', [b.number(0.5), z]), gate]);
    },
    gateHalved: (b, z) => {
      const gate = b.node('Add', [b.node('Erf', [b.node('Div', [z, b.number(Math.SQRT2)])]), b.number(1)]);
      return b.node('Mul', [z, b.node('Mul', [gate, b.number(0.5)])]);
    },
    constantsComputed: (b, z) => {
      const root = b.node('Sqrt', [b.number(2)]);
      const gate = b.node('Add', [b.node('Erf', [b.node('Div', [z, root])]), b.number(1)]);
      return b.node('Div', [b.node('Mul', [gate, z]), b.number(2)]);
    },
  },
  'gelu-tanh': {
    operator: (b, z) => b.node('Gelu', [z], { approximate: 'tanh' }),
    pow: (b, z) => {
      const cube = b.node('Mul', [b.number(0.044715), b.node('Pow', [z, b.number(3)])]);
      const inner = b.node('Mul', [b.number(Math.sqrt(2 / Math.PI)), b.node('Add', [z, cube])]);
      const gate = b.node('Add', [b.number(1), b.node('Tanh', [inner])]);
      return b.node('Mul', [b.node('Mul', [b.number(0.5), z]), gate]);
    },
    products: (b, z) => {
      const cube = b.node('Mul', [b.node('Mul', [z, b.node('Mul', [z, z])]), b.number(0.044715)]);
      const inner = b.node('Mul', [b.node('Add', [cube, z]), b.number(Math.sqrt(2 / Math.PI))]);
      const gate = b.node('Mul', [b.node('Add', [b.node('Tanh', [inner]), b.number(1)]), b.number(0.5)]);
      return b.node('Mul', [gate, z]);
    },
    factored: (b, z) => {
      const square = b.node('Mul', [b.node('Mul', [b.number(0.044715), z]), z]);
      const scaled = b.node('Mul', [z, b.number(0.7978845608028654)]);
      const inner = b.node('Mul', [scaled, b.node('Add', [square, b.number(1)])]);
      const gate = b.node('Add', [b.node('Tanh', [inner]), b.number(1)]);
      return b.node('Mul', [b.number(0.5), b.node('Mul', [z, gate])]);
    },
  },
  silu: {
    multiplied: (b, z) => b.node('Mul', [z, b.node('Sigmoid', [z])]),
    reversed: (b, z) => b.node('Mul', [b.node('Sigmoid', [z]), z]),
    divided: (b, z) => {
      const exponential = b.node('Exp', [b.node('Neg', [z])]);
      return b.node('Div', [z, b.node('Add', [b.number(1), exponential])]);
    },
  },
  elu: { operator: (b, z) => b.node('Elu', [z], { alpha: 1.5 }) },
  selu: { operator: (b, z) => b.node('Selu', [z], { alpha: 1.6732631921768188, gamma: 1.0507010221481323 }) },
  mish: {
    operator: (b, z) => b.node('Mish', [z]),
    softplus: (b, z) => b.node('Mul', [z, b.node('Tanh', [b.node('Softplus', [z])])]),
    logarithm: (b, z) => {
      const softplus = b.node('Log', [b.node('Add', [b.number(1), b.node('Exp', [z])])]);
      return b.node('Mul', [b.node('Tanh', [softplus]), z]);
    },
  },
  'hard-swish': {
    operator: (b, z) => b.node('HardSwish', [z]),
    hardSigmoid: (b, z) =>
      b.node('Mul', [z, b.node('HardSigmoid', [z], { alpha: Math.fround(1 / 6), beta: 0.5 })]),
    clip: (b, z) => {
      const clipped = b.node('Clip', [b.node('Add', [z, b.number(3)]), b.number(0), b.number(6)]);
      return b.node('Div', [b.node('Mul', [z, clipped]), b.number(6)]);
    },
    minMax: (b, z) => {
      const low = b.node('Max', [b.node('Add', [b.number(3), z]), b.number(0)]);
      const gate = b.node('Div', [b.node('Min', [low, b.number(6)]), b.number(6)]);
      return b.node('Mul', [gate, z]);
    },
  },
  'hard-sigmoid': {
    operator: (b, z) => b.node('HardSigmoid', [z], { alpha: 0.25, beta: 0.5 }),
    clip: (b, z) => {
      const line = b.node('Add', [b.node('Mul', [z, b.number(0.25)]), b.number(0.5)]);
      return b.node('Clip', [line, b.number(0), b.number(1)]);
    },
  },
};

/** One affine layer to be written: outputs × inputs. */
export interface WrittenLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: readonly number[];
  readonly bias: readonly number[] | null;
}

const transposed = ({ weight, inputs, outputs }: WrittenLayer) =>
  Array.from(
    { length: weight.length },
    (_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)] ?? NaN,
  );

/** x W without the bias, W [inputs, outputs] made in the way that `form` says. */
function weightMatrix(
  b: GraphBuilder,
  layer: WrittenLayer,
  form: 'plain' | 'transpose' | 'reshape' | 'cast',
): string {
  const { name, inputs, outputs, weight } = layer;
  switch (form) {
    case 'plain':
      return b.weight(`${name}.weight`, [inputs, outputs], transposed(layer));
    case 'transpose':
      return b.node('Transpose', [b.weight(`${name}.weight`, [outputs, inputs], weight)], { perm: [1, 0] });
    case 'reshape': {
      const stored = b.weight(`${name}.weight`, [inputs, 1, 1, outputs], transposed(layer));
      return b.node('Reshape', [stored, b.integers(inputs, -1)]);
    }
    case 'cast': {
      const stored = b.weight(`${name}.weight`, [inputs, outputs], transposed(layer));
      return b.node('Identity', [b.node('Cast', [stored], { to: 1 })]);
    }
  }
}

/** Ways in which exporters write W a + b for features [N, inputs]. */
export const affineStyles: Readonly<
  Record<string, (b: GraphBuilder, x: string, layer: WrittenLayer) => string>
> = {
  gemm: (b, x, layer) => {
    const { name, inputs, outputs, weight, bias } = layer;
    const w = b.weight(`${name}.weight`, [outputs, inputs], weight);
    const c = bias === null ? [] : [b.weight(`${name}.bias`, [outputs], bias)];
    return b.node('Gemm', [x, w, ...c], { alpha: 1, beta: 1, transB: 1 });
  },
  gemmPlain: (b, x, layer) => {
    const w = weightMatrix(b, layer, 'plain');
    const c = layer.bias === null ? [] : [b.weight(`${layer.name}.bias`, [1, layer.outputs], layer.bias)];
    return b.node('Gemm', [x, w, ...c]);
  },
  ...Object.fromEntries(
    (['plain', 'transpose', 'reshape', 'cast'] as const).flatMap((form) =>
      [true, false].map((biasFirst) => [
        `matmul ${form}, bias ${biasFirst ? 'first' : 'last'}`,
        (b: GraphBuilder, x: string, layer: WrittenLayer) => {
          const product = b.node('MatMul', [x, weightMatrix(b, layer, form)]);
          if (layer.bias === null) return product;
          const dims = biasFirst ? [layer.outputs] : [1, layer.outputs];
          const bias = b.weight(`${layer.name}.bias`, dims, layer.bias);
          return b.node('Add', biasFirst ? [bias, product] : [product, bias]);
        },
      ]),
    ),
  ),
  threeDimensions: (b, x, layer) => {
    const wide = b.node('Unsqueeze', [x, b.integers(1)]);
    const product = b.node('MatMul', [wide, weightMatrix(b, layer, 'plain')]);
    const bias = layer.bias === null ? null : b.weight(`${layer.name}.bias`, [layer.outputs], layer.bias);
    const sum = bias === null ? product : b.node('Add', [bias, product]);
    return b.node('Squeeze', [sum, b.integers(1)]);
  },
  wholeConvolution: (b, x, layer) => {
    const { name, inputs, outputs, weight, bias } = layer;
    const image = b.node('Reshape', [x, b.integers(-1, inputs, 1, 1)]);
    const kernel = b.weight(`${name}.weight`, [outputs, inputs, 1, 1], weight);
    const c = bias === null ? [] : [b.weight(`${name}.bias`, [outputs], bias)];
    const convolved = b.node('Conv', [image, kernel, ...c], { kernel_shape: [1, 1] });
    return b.node('Reshape', [convolved, b.integers(0, -1)]);
  },
};

/** Ways in which exporters flatten [N, c, h, w] to [N, c h w]. */
export const flattenStyles: Readonly<Record<string, (b: GraphBuilder, x: string, width: number) => string>> =
  {
    flatten: (b, x) => b.node('Flatten', [x], { axis: 1 }),
    reshapeRows: (b, x, width) => b.node('Reshape', [x, b.integers(-1, width)]),
    reshapeCopy: (b, x) => b.node('Reshape', [x, b.integers(0, -1)]),
    pytorchSize: (b, x) => {
      const rows = b.node('Gather', [b.node('Shape', [x]), b.integer(0)], { axis: 0 });
      const row = b.node('Unsqueeze', [rows, b.integers(0)]);
      return b.node('Reshape', [x, b.node('Concat', [row, b.integers(-1)], { axis: 0 })]);
    },
    dynamo: (b, x, width) => {
      const rows = b.node('Slice', [b.node('Shape', [x]), b.integers(0), b.integers(1)]);
      const target = b.node('Concat', [rows, b.integers(width)], { axis: 0 });
      return b.node('Reshape', [x, target], { allowzero: 1 });
    },
  };
