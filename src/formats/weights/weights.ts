import type { ElementType, TensorData } from '../../graph/graph';
import { widenBfloat16, widenFloat16 } from '../../runtime/floats16';
import { storages } from '../storages';
import type { TorchType } from '../../files/torch/torchTensor';

/** A tensor of a file of weights; its numbers are read when they are asked for. */
export interface WeightTensor {
  readonly dims: readonly number[];
  readonly type: TorchType;
  /** Null: the file does not say. */
  readonly requiresGrad: boolean | null;
  /** Equal for two names of the same numbers. */
  readonly place: string;
  /** In row-major order, little-endian. @throws FailureError DamagedModel */
  readonly bytes: () => Promise<Uint8Array>;
}

/** What a file of weights holds, by name, in the file's order. */
export type Weights = ReadonlyMap<string, WeightTensor>;

/** Whether a tensor holds floats, and may so be a parameter. */
export function isFloat(type: TorchType): boolean {
  return type.includes('float');
}

/** How many numbers. */
export function countOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The numbers of a float tensor as `type`; half and bfloat16 are widened, which is exact. */
export async function floatsOf(
  tensor: WeightTensor,
  type: Extract<ElementType, 'float32' | 'float64'>,
): Promise<Float32Array | Float64Array> {
  const bytes = await tensor.bytes();
  const aligned = new Uint8Array(bytes);
  const data: TensorData = new storages[tensor.type](
    aligned.buffer,
    aligned.byteOffset,
    countOf(tensor.dims),
  );
  const floats =
    tensor.type === 'float16'
      ? widenFloat16(data as Uint16Array)
      : tensor.type === 'bfloat16'
        ? widenBfloat16(data as Uint16Array)
        : (data as Float32Array | Float64Array);
  if (type === 'float64') return floats instanceof Float64Array ? floats : Float64Array.from(floats);
  return floats instanceof Float32Array ? floats : Float32Array.from(floats);
}
