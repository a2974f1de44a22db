import type { Hdf5Bytes } from './hdf5Bytes';

/**
 * The children of the leaves of a version 1 B-tree, each with the address of its key.
 * @param kind 0 for groups, 1 for the chunks of a dataset
 */
export function treeLeaves(
  bytes: Hdf5Bytes,
  root: number,
  kind: 0 | 1,
  keySize: number,
): readonly { readonly key: number; readonly child: number }[] {
  const leaves: { readonly key: number; readonly child: number }[] = [];
  const visited = new Set<number>();
  const open = [root];
  for (const node of open) {
    if (visited.has(node)) throw bytes.damaged('a tree in it has a node twice');
    visited.add(node);
    bytes.requireSignature(node, 'TREE');
    if (bytes.u8(node + 4) !== kind) throw bytes.damaged('a tree in it is of another kind');
    const isLeaf = bytes.u8(node + 5) === 0;
    for (let entry = 0; entry < bytes.u16(node + 6); entry += 1) {
      bytes.step();
      const key = node + 24 + entry * (keySize + 8);
      const child = bytes.u64(key + keySize);
      if (isLeaf) leaves.push({ key, child });
      else open.push(child);
    }
  }
  return leaves;
}

/** The sizes of a dataspace; none for one value. */
export function dataspace(bytes: Hdf5Bytes, at: number): readonly number[] {
  const version = bytes.u8(at);
  if (version !== 1 && version !== 2) throw bytes.unsupported(`dataspaces of version ${version}`);
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: bytes.u8(at + 1) }, (_, axis) => bytes.u64(start + 8 * axis));
}
