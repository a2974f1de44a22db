import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCursor } from '../../../../src/files/pickle/byteCursor';
import { callOfData } from '../../../../src/files/pickle/dataCalls';
import { unpickle } from '../../../../src/files/pickle/unpickle';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from '../../../../src/files/pickle/values';
import { torchWorld } from '../../../../src/files/torch/torchWorld';
import { FailureError } from '../../../../src/report/failure';

const python = '/usr/bin/python3';
const hasPython = existsSync(python);
if (!hasPython) console.warn(`${python} is missing: pickles are not compared with Python's own`);

function read(bytes: Uint8Array): PickleValue {
  return unpickle('x.pkl', new ByteCursor('x.pkl', bytes), { call: callOfData });
}

const text = (latin1: string): Uint8Array => new Uint8Array(Buffer.from(latin1, 'latin1'));

/** As JSON has it: tuples as lists, dicts as lists of pairs. */
function plain(value: PickleValue): unknown {
  if (value instanceof PickleTuple) return value.items.map(plain);
  if (value instanceof PickleDict) return { dict: [...value.entries()].map((pair) => pair.map(plain)) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  return typeof value === 'bigint' ? { integer: String(value) } : value;
}

const dumping = `
import json, pickle, sys
def value(v):
    if isinstance(v, dict) and 'dict' in v: return {value(k): value(w) for k, w in v['dict']}
    if isinstance(v, dict) and 'bytes' in v: return bytes.fromhex(v['bytes'])
    if isinstance(v, dict) and 'integer' in v: return int(v['integer'])
    return [value(w) for w in v] if isinstance(v, list) else v
for line in sys.stdin:
    protocol, v = json.loads(line)
    print(pickle.dumps(value(v), protocol).hex())
`;

describe.skipIf(!hasPython)('a pickle of Python', () => {
  it('is read as what was pickled, in every protocol', () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
        fc.integer(),
        fc.constantFrom(null, true, false),
        fc.uint8Array().map((bytes) => ({ bytes: Buffer.from(bytes).toString('hex') })),
        fc.bigInt({ min: 2n ** 60n, max: 2n ** 200n }).map((x) => ({ integer: String(x) })),
        fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 60n) }).map((x) => ({ integer: String(x) })),
        fc.array(tie('tree'), { maxLength: 5 }),
        fc
          .uniqueArray(fc.tuple(fc.string(), tie('tree')), { maxLength: 5, selector: ([key]) => key })
          .map((dict) => ({ dict })),
      ),
    }));
    const values = fc.sample(fc.tuple(fc.integer({ min: 0, max: 5 }), tree), { numRuns: 300, seed: 7 });
    // JSON has one kind of number: a whole float would be read by Python as an integer, as here.
    const input = values.map((value) => JSON.stringify(value)).join('\n');
    const { stdout, status, stderr } = spawnSync(python, ['-c', dumping], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    stdout
      .trim()
      .split('\n')
      .forEach((hex, i) => {
        const given: unknown = JSON.parse(JSON.stringify(values[i]?.[1] ?? null));
        expect(plain(read(new Uint8Array(Buffer.from(hex, 'hex'))))).toEqual(given);
      });
  });
});

const opcodes = '.(012NJKMIXUBV]}tlesuaqhcRbPQ\x81\x85\x86\x94\x93\n\x01\x02ab'.split('');

describe('a pickle that calls code', () => {
  it.each([
    ['os.system by protocol 0', "cos\nsystem\n(S'touch /tmp/x'\ntR.", 'os.system'],
    [
      'posix.system by a stack global',
      '\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.',
      'posix.system',
    ],
    ['eval', 'c__builtin__\neval\n(S"1"\ntR.', '__builtin__.eval'],
    ['getattr of an import', "cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR.", 'builtins.getattr'],
    ['an instance that is made with arguments', "(S'id'\nisubprocess\nPopen\n.", 'subprocess.Popen'],
    ['a new object with arguments', 'csubprocess\nPopen\n(S"id"\nt\x81.', 'subprocess.Popen'],
    ['a call hidden in the memo', "cos\nsystem\nq\x010h\x01(S'id'\ntR.", 'os.system'],
    [
      'one within arguments of a harmless call',
      "ccollections\nOrderedDict\n(cos\nsystem\n(S'id'\ntRtR.",
      'os.system',
    ],
    ['a function of torch that loads a file', "ctorch\nload\n(S'x'\ntR.", 'torch.load'],
    [
      'a reconstructor of numpy by another name',
      "cnumpy.core.multiarray\nfromfile\n(S'x'\ntR.",
      'numpy.core.multiarray.fromfile',
    ],
  ])('is refused by its name: %s', (_, pickle, name) => {
    for (const world of [torchWorld, { call: callOfData }]) {
      const attempt = (): PickleValue => unpickle('x.pt', new ByteCursor('x.pt', text(pickle)), world);
      expect(attempt).toThrow(FailureError);
      expect(attempt).toThrow(name);
    }
  });

  it.each([
    ['a state for a module', "cos\nsystem\n(S'a'\nS'b'\ndb."],
    ['a persistent identifier that is none', 'Pfile\n.'],
    ['a length beyond the file', 'X\xff\xff\xff\x7fabc.'],
    ['a length of 2^63', '\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.'],
    ['a negative length', 'T\xff\xff\xff\xffabc.'],
    ['no end', '(((((((('],
    ['an empty stack', 'R.'],
    ['a mark as a value', '(.'],
    ['a memo that is not there', 'h\x05.'],
    ['a key without a value', '}(K\x01u.'],
    ['an opcode that is none', '\xff.'],
    ['a number of many digits', `I${'9'.repeat(5000)}\n.`],
  ])('is refused where it is damaged: %s', (_, pickle) => {
    expect(() => read(text(pickle))).toThrow(FailureError);
  });

  it('fails only in sentences, whatever its bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...opcodes), {
          maxLength: 60,
        }),
        (letters) => {
          try {
            const value = read(text(letters.join('')));
            expect(value instanceof PickleObject || value instanceof PickleGlobal || true).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(FailureError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
