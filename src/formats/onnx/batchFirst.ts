import type { GraphProto, NodeProto, TensorProto } from '../../runtime/onnx/onnx_pb';
import { operatorOf } from '../../graph/operators';
import { domainName } from './opsets';

/**
 * Tensors that certainly have rank 2 or more and the batch size as their first dimension: declared so, or made by an
 * operator that keeps it. Tensors that are not found here may have it too.
 * @param graph its nodes in an order in which they can run.
 */
export function batchFirstTensors(
  graph: GraphProto,
  size: bigint,
  constants: ReadonlyMap<string, TensorProto>,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { name, type } of [...graph.input, ...graph.valueInfo, ...graph.output]) {
    const dims = type?.tensorType?.shape?.dim ?? [];
    if (dims.length >= 2 && dims[0]?.value.value === size) found.add(name);
  }
  for (const node of graph.node) {
    const [output = ''] = node.output;
    if (domainName(node.domain) === '' && makesBatchFirst(node, found, size, constants)) found.add(output);
  }
  return found;
}

function makesBatchFirst(
  node: NodeProto,
  found: ReadonlySet<string>,
  size: bigint,
  constants: ReadonlyMap<string, TensorProto>,
): boolean {
  const [first = '', second = ''] = node.input;
  const attribute = (name: string) => node.attribute.find((candidate) => candidate.name === name);
  const { broadcasts = false, keeps } = operatorOf({ domain: '', operator: node.opType });
  if (broadcasts) {
    return (
      node.input.some((name) => found.has(name)) &&
      node.input.every((name) => found.has(name) || keepsWhenBroadcast(constants.get(name), size))
    );
  }
  if (!found.has(first)) return false;
  switch (node.opType) {
    case 'Transpose':
      return attribute('perm')?.ints[0] === 0n;
    case 'Flatten':
      return (attribute('axis')?.i ?? 1n) === 1n;
    case 'Gemm':
      return (attribute('transA')?.i ?? 0n) === 0n;
    case 'MatMul':
      return constants.get(second)?.dims.length === 2;
    case 'Concat':
      return (attribute('axis')?.i ?? 0n) > 0n;
    default:
      return keeps !== undefined;
  }
}

/** Whether a constant leaves the first dimension of any tensor of rank 2 or more, of this size, as it is. */
function keepsWhenBroadcast(constant: TensorProto | undefined, size: bigint): boolean {
  if (constant === undefined) return false;
  const { dims } = constant;
  return dims.length <= 1 || (dims[0] === 1n && (dims.length === 2 || size === 1n));
}
