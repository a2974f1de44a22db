import { Hdf5Bytes } from './hdf5Bytes';
import { readDataset, type Dataset } from './hdf5Dataset';
import { dataspace, treeLeaves } from './hdf5Structures';

/**
 * The part of HDF5 (file format specification 3.0) that h5py writes unless told otherwise, as Keras does: superblocks 0 and 1,
 * object headers of version 1, groups as symbol tables, attributes that are text. Every size is held against the file before
 * anything is allocated, and every loop counts towards one limit, so that no file can take more memory or time than its size.
 */
export class Hdf5 {
  private readonly bytes: Hdf5Bytes;
  private readonly root: number;
  private readonly objects = new Map<number, Hdf5Object>();

  /** @throws FailureError DamagedModel, UnsupportedFormat */
  constructor(file: string, bytes: Uint8Array) {
    const start = [0, 512, 1024, 2048].find((at) => hasSignature(bytes, at));
    this.bytes = new Hdf5Bytes(file, bytes.subarray(start ?? 0));
    if (start === undefined) throw this.bytes.damaged('its weights are no HDF5 file');
    const version = this.bytes.u8(8);
    if (version > 1) throw this.bytes.unsupported(`an HDF5 superblock of version ${version}`);
    if (this.bytes.u8(13) !== 8 || this.bytes.u8(14) !== 8)
      throw this.bytes.unsupported('HDF5 addresses of a size other than 8 bytes');
    const fields = version === 0 ? 24 : 28;
    if (this.bytes.u64(fields + 16) > this.bytes.length) throw this.bytes.damaged('it was cut');
    // The root group's entry in a symbol table: the second of its fields is the address.
    this.root = this.bytes.u64(fields + 40);
  }

  /** The object at a path such as layers/dense/vars, or null where there is none. */
  open(path: string): Hdf5Object | null {
    let object: Hdf5Object | null = this.at(this.root);
    for (const name of path.split('/').filter((part) => part !== '')) {
      const address = object.links.get(name);
      if (address === undefined) return null;
      object = this.at(address);
    }
    return object;
  }

  private at(address: number): Hdf5Object {
    const known = this.objects.get(address);
    if (known !== undefined) return known;
    const object = new Hdf5Object(this.bytes, readMessages(this.bytes, address));
    this.objects.set(address, object);
    return object;
  }
}

function hasSignature(bytes: Uint8Array, at: number): boolean {
  return Buffer.from(bytes.subarray(at, at + 8)).toString('latin1') === '\x89HDF\r\n\x1a\n';
}

/** A message of an object header, by its type. */
interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

const messageTypes = { attribute: 0x0c, continuation: 0x10, symbolTable: 0x11 } as const;

function readMessages(bytes: Hdf5Bytes, address: number): readonly Message[] {
  if (bytes.u8(address) !== 1) throw bytes.unsupported('object headers of a newer HDF5 layout');
  const blocks = [{ start: address + 16, length: bytes.u32(address + 8) }];
  const visited = new Set<number>();
  const messages: Message[] = [];
  for (const { start, length } of blocks) {
    if (visited.has(start)) throw bytes.damaged('an object header in it continues in itself');
    visited.add(start);
    for (let at = start; at + 8 <= start + length;) {
      bytes.step();
      const message = { type: bytes.u16(at), at: at + 8, size: bytes.u16(at + 2) };
      if ((bytes.u8(at + 4) & 2) !== 0) throw bytes.unsupported('shared HDF5 messages');
      if (message.type === messageTypes.continuation)
        blocks.push({ start: bytes.u64(message.at), length: bytes.u64(message.at + 8) });
      messages.push(message);
      at = message.at + message.size;
    }
  }
  return messages;
}

/** A group or a dataset. */
export class Hdf5Object {
  private readonly bytes: Hdf5Bytes;
  private readonly messages: readonly Message[];
  private knownLinks: ReadonlyMap<string, number> | null = null;

  constructor(bytes: Hdf5Bytes, messages: readonly Message[]) {
    this.bytes = bytes;
    this.messages = messages;
  }

  /** What a group holds, by name; nothing where this is a dataset. */
  get links(): ReadonlyMap<string, number> {
    const table = this.messages.find(({ type }) => type === messageTypes.symbolTable);
    this.knownLinks ??= table === undefined ? new Map() : readLinks(this.bytes, table.at);
    return this.knownLinks;
  }

  /** The dataset, of which nothing but its shape and type is read yet; null where this is a group. */
  get dataset(): Dataset | null {
    const at = (type: number): number | null => this.messages.find((each) => each.type === type)?.at ?? null;
    const [space, type, layout] = [at(0x01), at(0x03), at(0x08)];
    if (space === null || type === null || layout === null) return null;
    return readDataset(this.bytes, { space, type, layout, filters: at(0x0b) });
  }

  /** An attribute that is text, or several; null where there is none of this name. Long lists lie in pieces: name0, name1, … */
  text(name: string): readonly string[] | null {
    const whole = this.attribute(name);
    if (whole !== null) return whole;
    const pieces: string[] = [];
    for (let piece = 0; ; piece += 1) {
      const part = this.attribute(`${name}${String(piece)}`);
      if (part === null) return piece === 0 ? null : pieces;
      pieces.push(...part);
    }
  }

  private attribute(name: string): readonly string[] | null {
    for (const { type, at } of this.messages) {
      if (type !== messageTypes.attribute) continue;
      const attribute = attributeParts(this.bytes, at);
      if (attribute.name === name) return readText(this.bytes, attribute);
    }
    return null;
  }
}

/** The names and addresses in a symbol table: a tree of nodes, whose leaves hold the entries. */
function readLinks(bytes: Hdf5Bytes, message: number): ReadonlyMap<string, number> {
  const heap = bytes.u64(message + 8);
  bytes.requireSignature(heap, 'HEAP');
  const names = bytes.u64(heap + 24);
  const links = new Map<string, number>();
  for (const leaf of treeLeaves(bytes, bytes.u64(message), 0, 8)) {
    const table = leaf.child;
    bytes.requireSignature(table, 'SNOD');
    for (let entry = 0; entry < bytes.u16(table + 6); entry += 1) {
      bytes.step();
      const at = table + 8 + 40 * entry;
      // A soft link is a path to elsewhere, which Keras does not write.
      if (bytes.u32(at + 16) === 2) throw bytes.unsupported('soft links');
      links.set(bytes.name(names + bytes.u64(at)), bytes.u64(at + 8));
    }
  }
  return links;
}

interface AttributeParts {
  readonly name: string;
  readonly type: number;
  readonly space: number;
  readonly value: number;
}

function attributeParts(bytes: Hdf5Bytes, at: number): AttributeParts {
  const version = bytes.u8(at);
  if (version < 1 || version > 3) throw bytes.unsupported(`attributes of version ${version}`);
  const sizes = [bytes.u16(at + 2), bytes.u16(at + 4), bytes.u16(at + 6)] as const;
  const [nameSize, typeSize, spaceSize] =
    version === 1 ? sizes.map((size) => Math.ceil(size / 8) * 8) : [...sizes];
  const start = at + (version === 3 ? 9 : 8);
  const type = start + (nameSize ?? 0);
  const space = type + (typeSize ?? 0);
  return { name: bytes.name(start), type, space, value: space + (spaceSize ?? 0) };
}

/** Text of a fixed length in place, or of any length in the global heap; null where the attribute is something else. */
function readText(bytes: Hdf5Bytes, { type, space, value }: AttributeParts): readonly string[] | null {
  const kind = bytes.u8(type) & 0x0f;
  const size = bytes.u32(type + 4);
  const isOfAnyLength = kind === 9 && (bytes.u8(type + 1) & 0x0f) === 1;
  if (kind !== 3 && !isOfAnyLength) return null;
  const count = dataspace(bytes, space).reduce((product, each) => product * each, 1);
  // An attribute lies within its message, of less than 64 KiB.
  const whole = bytes.slice(value, count * size);
  const texts: string[] = [];
  for (let index = 0; index < count; index += 1) {
    bytes.step();
    const part = isOfAnyLength
      ? heapObject(bytes, value + index * size)
      : whole.subarray(index * size, (index + 1) * size);
    texts.push(new TextDecoder().decode(part).replace(/\0[^]*$/, ''));
  }
  return texts;
}

/** What a reference to the global heap stands for: its length, the collection's address, the object's number in it. */
function heapObject(bytes: Hdf5Bytes, reference: number): Uint8Array {
  const length = bytes.u32(reference);
  const heap = bytes.u64(reference + 4);
  const wanted = bytes.u32(reference + 12);
  if (length === 0) return new Uint8Array();
  bytes.requireSignature(heap, 'GCOL');
  const end = heap + bytes.u64(heap + 8);
  for (let at = heap + 16; at + 16 <= end;) {
    bytes.step();
    const index = bytes.u16(at);
    const size = bytes.u64(at + 8);
    if (index === wanted) return bytes.slice(at + 16, Math.min(length, size));
    if (index === 0) break;
    at += 16 + Math.ceil(size / 8) * 8;
  }
  throw bytes.damaged('a text that it refers to is missing');
}
