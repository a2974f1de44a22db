import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { parsePythonLiteral } from '../pythonLiteral';
import { quote } from '../quote';
import type { ByteCursor } from './byteCursor';
import { PickleDict, PickleGlobal, PickleObject, PickleTuple, type PickleValue } from './values';

/** What the reader of a kind of pickle allows, and makes of it. */
export interface PickleWorld {
  /** What to do with a file whose pickle calls what is not allowed: the last clause of a sentence. */
  readonly advice?: string;
  /** What a call gives, or undefined: it is not allowed. Only data may be made; the function itself is never run. */
  readonly call: (of: PickleGlobal, args: readonly PickleValue[]) => PickleValue | undefined;
  /** What stands outside the pickle, by its persistent identifier; undefined: there is no such thing. */
  readonly persistent?: (id: PickleValue) => PickleValue | undefined;
  /** Called when an object has its state; what it reads from the cursor is no part of the pickle. */
  readonly built?: (object: PickleObject, cursor: ByteCursor) => PickleValue | undefined;
}

/** Values on the stack and in the memo, at most: a state dict of a million tensors takes some 20 million. */
const mostValues = 50_000_000;

const mark = Symbol('mark');
type Slot = PickleValue | typeof mark;

/**
 * Reads one pickle (protocols 0 to 5) as data. Classes become PickleObjects by name; a call is refused unless the world
 * makes data of it.
 * @param name the file, for sentences
 * @throws FailureError UnsupportedFormat for a call that is not allowed, by its name; DamagedModel for what is no pickle
 */
export function unpickle(name: string, cursor: ByteCursor, world: PickleWorld): PickleValue {
  return new Unpickler(name, cursor, world).run();
}

class Unpickler {
  private readonly stack: Slot[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    private readonly file: string,
    private readonly cursor: ByteCursor,
    private readonly world: PickleWorld,
  ) {}

  run(): PickleValue {
    for (;;) {
      if (this.stack.length + this.memo.size > mostValues)
        throw this.damaged('it holds more values than any model');
      const opcode = String.fromCharCode(this.cursor.byte());
      if (opcode === '.') return this.pop();
      this.execute(opcode);
    }
  }

  /** One opcode, by its letter in Python's pickletools. */
  private execute(opcode: string): void {
    const { cursor, stack } = this;
    switch (opcode) {
      case '\x80': // PROTO
        if (cursor.byte() > 5) throw this.damaged('its pickle protocol is newer than 5');
        return;
      case '\x95': // FRAME
        cursor.skip(8);
        return;
      case '(':
        stack.push(mark);
        return;
      case '0':
        this.stack.pop();
        return;
      case '1':
        this.popMark();
        return;
      case '2':
        stack.push(this.top());
        return;
      case 'N':
        stack.push(null);
        return;
      case '\x88':
        stack.push(true);
        return;
      case '\x89':
        stack.push(false);
        return;
      case 'J':
        stack.push(cursor.view(4).getInt32(0, true));
        return;
      case 'K':
        stack.push(cursor.byte());
        return;
      case 'M':
        stack.push(cursor.view(2).getUint16(0, true));
        return;
      case '\x8a': // LONG1
        stack.push(longOf(cursor.bytes(cursor.byte())));
        return;
      case '\x8b': // LONG4
        stack.push(longOf(cursor.bytes(this.length(cursor.view(4).getInt32(0, true)))));
        return;
      case 'I':
        stack.push(this.textInteger());
        return;
      case 'L':
        stack.push(this.textLong());
        return;
      case 'F':
        stack.push(Number(cursor.line()));
        return;
      case 'G':
        stack.push(cursor.view(8).getFloat64(0, false));
        return;
      case 'S':
        stack.push(this.quotedLine());
        return;
      case 'V':
        stack.push(unescaped(cursor.line()));
        return;
      case 'T':
        stack.push(cursor.latin1(this.length(cursor.view(4).getInt32(0, true))));
        return;
      case 'U':
        stack.push(cursor.latin1(cursor.byte()));
        return;
      case 'X':
        stack.push(cursor.utf8(cursor.view(4).getUint32(0, true)));
        return;
      case '\x8c':
        stack.push(cursor.utf8(cursor.byte()));
        return;
      case '\x8d':
        stack.push(cursor.utf8(cursor.longLength()));
        return;
      case 'B':
        stack.push(cursor.bytes(cursor.view(4).getUint32(0, true)));
        return;
      case 'C':
        stack.push(cursor.bytes(cursor.byte()));
        return;
      case '\x8e': // BINBYTES8
      case '\x96': // BYTEARRAY8
        stack.push(cursor.bytes(cursor.longLength()));
        return;
      case ']':
      case '\x8f': // EMPTY_SET
        stack.push([]);
        return;
      case 'l':
      case '\x91': // FROZENSET
        stack.push(this.popMark());
        return;
      case ')':
        stack.push(new PickleTuple([]));
        return;
      case 't':
        stack.push(new PickleTuple(this.popMark()));
        return;
      case '\x85':
      case '\x86':
      case '\x87':
        stack.push(new PickleTuple(this.popSeveral(opcode.charCodeAt(0) - 0x84)));
        return;
      case '}':
        stack.push(new PickleDict());
        return;
      case 'd':
        stack.push(this.dictOf(this.popMark()));
        return;
      case 'a':
        this.append([this.pop()]);
        return;
      case 'e':
      case '\x90': // ADDITEMS
        this.append(this.popMark());
        return;
      case 's':
        this.setItems(this.popSeveral(2));
        return;
      case 'u':
        this.setItems(this.popMark());
        return;
      case 'p':
        this.memo.set(Number(cursor.line()), this.top());
        return;
      case 'q':
        this.memo.set(cursor.byte(), this.top());
        return;
      case 'r':
        this.memo.set(cursor.view(4).getUint32(0, true), this.top());
        return;
      case '\x94':
        this.memo.set(this.memo.size, this.top());
        return;
      case 'g':
        stack.push(this.remembered(Number(cursor.line())));
        return;
      case 'h':
        stack.push(this.remembered(cursor.byte()));
        return;
      case 'j':
        stack.push(this.remembered(cursor.view(4).getUint32(0, true)));
        return;
      case 'c': {
        const module = cursor.line();
        stack.push(new PickleGlobal(module, cursor.line()));
        return;
      }
      case '\x93': {
        // STACK_GLOBAL
        const [module, global] = this.popSeveral(2);
        if (typeof module !== 'string' || typeof global !== 'string')
          throw this.damaged('it names a class that is no text');
        stack.push(new PickleGlobal(module, global));
        return;
      }
      case 'R': {
        const [of, args] = this.popSeveral(2);
        stack.push(this.call(of, args));
        return;
      }
      case '\x81': {
        // NEWOBJ
        const [of, args] = this.popSeveral(2);
        stack.push(this.instance(of, args));
        return;
      }
      case '\x92': {
        // NEWOBJ_EX
        const [of, args] = this.popSeveral(3);
        stack.push(this.instance(of, args));
        return;
      }
      case 'i': {
        const module = cursor.line();
        const of = new PickleGlobal(module, cursor.line());
        stack.push(this.instance(of, new PickleTuple(this.popMark())));
        return;
      }
      case 'o': {
        const [of = null, ...args] = this.popMark();
        stack.push(this.instance(of, new PickleTuple(args)));
        return;
      }
      case 'b':
        this.build(this.pop());
        return;
      case 'P':
        stack.push(this.persistent(cursor.line()));
        return;
      case 'Q':
        stack.push(this.persistent(this.pop()));
        return;
      default:
        throw this.damaged(`it has the opcode ${String(opcode.charCodeAt(0))}, which is none of Python's`);
    }
  }

  private call(of: PickleValue | undefined, args: PickleValue | undefined): PickleValue {
    if (!(of instanceof PickleGlobal) || !(args instanceof PickleTuple))
      throw this.damaged('it calls what is no function');
    const made = this.world.call(of, args.items);
    if (made === undefined) throw this.refused(of);
    return made;
  }

  /** An instance as data: its class stays a name. Where the class is made with arguments, it is as good as called. */
  private instance(of: PickleValue | undefined, args: PickleValue | undefined): PickleValue {
    if (!(of instanceof PickleGlobal) || !(args instanceof PickleTuple))
      throw this.damaged('it makes an instance of what is no class');
    if (args.items.length > 0) return this.call(of, args);
    if (of.module === 'collections' && of.name === 'OrderedDict') return new PickleDict();
    return new PickleObject(of, []);
  }

  private build(state: PickleValue): void {
    const target = this.top();
    if (target instanceof PickleDict) {
      target.state = state;
      return;
    }
    if (!(target instanceof PickleObject)) throw this.damaged('it gives a state to what has none');
    target.state = state;
    const replaced = this.world.built?.(target, this.cursor);
    if (replaced === undefined) return;
    this.stack[this.stack.length - 1] = replaced;
    for (const [key, value] of this.memo) if (value === target) this.memo.set(key, replaced);
  }

  private persistent(id: PickleValue): PickleValue {
    const found = this.world.persistent?.(id);
    if (found === undefined) throw this.damaged('it refers to something outside of it that is not there');
    return found;
  }

  private append(items: readonly PickleValue[]): void {
    const target = this.top();
    const list = target instanceof PickleObject ? target.items : target;
    if (!Array.isArray(list)) throw this.damaged('it appends to what is no list');
    for (const item of items) list.push(item);
  }

  private setItems(pairs: readonly PickleValue[]): void {
    const target = this.top();
    const dict = target instanceof PickleObject ? target.entries : target;
    if (!(dict instanceof PickleDict)) throw this.damaged('it sets items of what is no dict');
    this.fill(dict, pairs);
  }

  private dictOf(pairs: readonly PickleValue[]): PickleDict {
    const dict = new PickleDict();
    this.fill(dict, pairs);
    return dict;
  }

  private fill(dict: PickleDict, pairs: readonly PickleValue[]): void {
    if (pairs.length % 2 !== 0) throw this.damaged('a key in it has no value');
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i] ?? null, pairs[i + 1] ?? null);
  }

  private top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined || value === mark) throw this.damaged('its stack is empty');
    return value;
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popSeveral(count: number): readonly PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private popMark(): PickleValue[] {
    const at = this.stack.lastIndexOf(mark);
    if (at < 0) throw this.damaged('it ends what was not begun');
    const values = this.stack.splice(at).slice(1);
    return values as PickleValue[];
  }

  private remembered(key: number): PickleValue {
    const value = this.memo.get(key);
    if (value === undefined) throw this.damaged('it refers to something that it does not hold');
    return value;
  }

  private textInteger(): PickleValue {
    const text = this.cursor.line();
    if (text === '00') return false;
    if (text === '01') return true;
    return this.integer(text);
  }

  private textLong(): PickleValue {
    return this.integer(this.cursor.line().replace(/L$/, ''));
  }

  private integer(text: string): PickleValue {
    // A longer one is quadratic to read, and no number of a model.
    if (!/^[+-]?\d{1,400}$/.test(text)) throw this.damaged('a number in it is none');
    return narrow(BigInt(text));
  }

  private quotedLine(): string {
    const literal = parsePythonLiteral(this.cursor.line());
    if (typeof literal !== 'string') throw this.damaged('a text in it is none');
    return literal;
  }

  private length(value: number): number {
    if (value < 0) throw this.damaged('a length in it is negative');
    return value;
  }

  private damaged(what: string): FailureError {
    return new FailureError(
      'DamagedModel',
      `${quote(this.file)} is damaged: ${what}; copy, download or save it again.`,
    );
  }

  private refused(of: PickleGlobal): FailureError {
    return new FailureError(
      'UnsupportedFormat',
      `${quote(this.file)} calls "${printable(of.path)}" when Python loads it, and is not read: nothing that a pickle names is run here; ${this.world.advice ?? 'save the weights alone (torch.save(model.state_dict(), …))'}.`,
    );
  }
}

/** Python's raw-unicode-escape. */
function unescaped(line: string): string {
  return line.replaceAll(
    /\\u([\da-fA-F]{4})|\\U(00(?:0[\da-fA-F]|10)[\da-fA-F]{4})/g,
    (_, short: string | undefined, long: string | undefined) =>
      String.fromCodePoint(parseInt(long ?? short ?? '', 16)),
  );
}

/** Little-endian, two's complement. */
function longOf(bytes: Uint8Array): PickleValue {
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return narrow(BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`)));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
