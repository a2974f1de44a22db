import type { ElementType } from '../../graph/graph';
import { TensorProto_DataType as DataType } from '../../runtime/onnx/onnx_pb';

const elementTypes: Readonly<Partial<Record<DataType, ElementType>>> = {
  [DataType.FLOAT]: 'float32',
  [DataType.DOUBLE]: 'float64',
  [DataType.FLOAT16]: 'float16',
  [DataType.BFLOAT16]: 'bfloat16',
  [DataType.INT8]: 'int8',
  [DataType.INT16]: 'int16',
  [DataType.INT32]: 'int32',
  [DataType.INT64]: 'int64',
  [DataType.UINT8]: 'uint8',
  [DataType.UINT16]: 'uint16',
  [DataType.UINT32]: 'uint32',
  [DataType.UINT64]: 'uint64',
  [DataType.BOOL]: 'bool',
  [DataType.STRING]: 'string',
};

/** The element type of ONNX's number for it; 'other' for complex numbers, 8-bit and 4-bit floats and what is newer. */
export function elementTypeOf(dataType: DataType): ElementType {
  return elementTypes[dataType] ?? 'other';
}
