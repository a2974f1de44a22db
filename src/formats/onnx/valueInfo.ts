import type { Dimension, TensorSpec } from '../../graph/graph';
import { elementTypeOf } from './elementTypes';
import { TensorProto_DataType as DataType } from '../../runtime/onnx/onnx_pb';
import type { TensorShapeProto_Dimension, ValueInfoProto } from '../../runtime/onnx/onnx_pb';

/** The declared name, type and shape of a graph's input or output; what is no tensor has the type 'other'. */
export function readSpec(info: ValueInfoProto): TensorSpec {
  const tensor = info.type?.tensorType;
  return {
    name: info.name,
    type: elementTypeOf(tensor?.elemType ?? DataType.UNDEFINED),
    dims: tensor?.shape?.dim.map(readDimension) ?? null,
  };
}

/** Some exporters write 0 or −1 for a size that is not known. */
function readDimension({ value }: TensorShapeProto_Dimension): Dimension {
  if (value.case === 'dimParam') return value.value === '' ? null : value.value;
  const size = Number(value.value ?? 0);
  return Number.isSafeInteger(size) && size > 0 ? size : null;
}
