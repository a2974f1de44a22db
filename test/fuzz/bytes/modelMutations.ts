import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
} from '../../../src/runtime/onnx/onnx_pb';
import type { AttributeProto, GraphProto, NodeProto } from '../../../src/runtime/onnx/onnx_pb';
import type { SeededRandom } from '../../../src/samples/random';
import { extremes } from './byteMutations';

const operators =
  'Add Mul Div Sub MatMul Gemm Conv ConvTranspose MaxPool AveragePool Relu Softmax Flatten Reshape Transpose Concat Split Slice Pad Gather GatherND GatherElements Squeeze Unsqueeze Expand Tile Einsum LayerNormalization BatchNormalization InstanceNormalization ReduceSum ReduceMax Clip Pow Where Cast Identity Dropout Constant ConstantOfShape Range If Loop LSTM TopK Trilu CumSum OneHot Resize DepthToSpace Attention Shape NonZero'.split(
    ' ',
  );
const dataTypes = Object.values(DataType).filter((value) => typeof value === 'number');
const attributeTypes = Object.values(AttributeType).filter((value) => typeof value === 'number');
const floats = [0, -0, Number.NaN, Infinity, -Infinity, 1e38, 1e-45, -1, 1e10];

/** One change of a model's meaning, in a file that stays well formed; null where the bytes are no model. */
export function mutateModel(bytes: Uint8Array, random: SeededRandom): Uint8Array | null {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    if (model.graph === undefined) return null;
    if (random.below(12) === 0) {
      const versions = model.opsetImport[0];
      if (versions !== undefined)
        versions.version = BigInt([0, 1, 6, 7, 9, 12, 13, 18, 23, 99][random.below(10)] ?? 0);
    } else changeGraph(model.graph, random);
    return toBinary(ModelProtoSchema, model);
  } catch {
    return null;
  }
}

function changeGraph(graph: GraphProto, random: SeededRandom): void {
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[random.below(Math.max(1, items.length))];
  const extreme = (): bigint => BigInt.asIntN(64, pick(extremes) ?? 0n);
  const node = pick(graph.node);
  const tensor = pick(graph.initializer);
  const names = [
    ...graph.node.flatMap(({ output }) => output),
    ...graph.initializer.map(({ name }) => name),
    ...graph.input.map(({ name }) => name),
    '',
    'nothing',
  ];
  const type = pick([...graph.input, ...graph.output, ...graph.valueInfo])?.type?.tensorType;
  switch (random.below(14)) {
    case 0:
      if (node) node.opType = pick(operators) ?? '';
      return;
    case 1:
    case 2:
      if (node) node.input[random.below(node.input.length + 1)] = pick(names) ?? '';
      return;
    case 3:
      if (node) node.output[random.below(node.output.length + 1)] = pick(names) ?? '';
      return;
    case 4:
    case 5:
      if (node) changeAttribute(node, random, extreme);
      return;
    case 6:
      if (tensor) tensor.dims[random.below(tensor.dims.length + 1)] = extreme();
      return;
    case 7:
      if (tensor) tensor.dataType = pick(dataTypes) ?? DataType.UNDEFINED;
      return;
    case 8:
      if (tensor) tensor.rawData = tensor.rawData.slice(0, random.below(tensor.rawData.length + 1));
      return;
    case 9:
      if (tensor && tensor.rawData.length >= 4) {
        const numbers = tensor.rawData.slice();
        const at = 4 * random.below(Math.floor(numbers.length / 4));
        new DataView(numbers.buffer).setFloat32(at, pick(floats) ?? 0, true);
        tensor.rawData = numbers;
      }
      return;
    case 10:
      graph.node.splice(random.below(graph.node.length + 1), 1);
      return;
    case 11: {
      const [taken] = graph.node.splice(random.below(graph.node.length + 1), 1);
      if (taken) graph.node.splice(random.below(graph.node.length + 1), 0, taken);
      return;
    }
    case 12:
      if (type) {
        const dim = pick(type.shape?.dim ?? []);
        if (dim && random.below(2) === 0) dim.value = { case: 'dimValue', value: extreme() };
        else type.elemType = pick(dataTypes) ?? DataType.UNDEFINED;
      }
      return;
    default: {
      const output = pick(graph.output);
      if (output) output.name = pick(names) ?? '';
    }
  }
}

function changeAttribute({ attribute }: NodeProto, random: SeededRandom, extreme: () => bigint): void {
  const chosen: AttributeProto | undefined = attribute[random.below(Math.max(1, attribute.length))];
  if (chosen === undefined) return;
  switch (random.below(5)) {
    case 0:
      attribute.splice(attribute.indexOf(chosen), 1);
      return;
    case 1:
      chosen.type = attributeTypes[random.below(attributeTypes.length)] ?? AttributeType.UNDEFINED;
      return;
    case 2:
      chosen.name = ['axis', 'axes', 'pads', 'strides', 'group', 'perm', 'alpha'][random.below(7)] ?? '';
      return;
    default:
      chosen.i = extreme();
      chosen.f = floats[random.below(floats.length)] ?? 0;
      chosen.ints[random.below(chosen.ints.length + 1)] = extreme();
  }
}
