import { PickleDict, PickleGlobal, PickleObject, PickleTuple, type PickleValue } from './values';

/**
 * What files of weights hold beside them, made by calls that do nothing but hold their arguments. Kept by name, as data.
 */
const harmless = new Set([
  'torch.device',
  'torch.Size',
  'torch.serialization._get_layout',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
  'collections.defaultdict',
  'collections.deque',
  'collections.Counter',
  'argparse.Namespace',
  'datetime.datetime',
  'datetime.date',
  'datetime.timedelta',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'pathlib.PurePosixPath',
  'pathlib.PureWindowsPath',
  'pathlib.Path',
  'pathlib._local.PosixPath',
  'pathlib._local.WindowsPath',
  'decimal.Decimal',
  'fractions.Fraction',
  'uuid.UUID',
  'numpy.dtype',
  'numpy.ndarray',
]);
const ofNumpy =
  /^numpy\.(?:_?core\.multiarray\.(?:scalar|_reconstruct)|_?core\.numeric\._frombuffer|random\._?\w+\.\w+)$/;
const builtins = new Set(['builtins', '__builtin__']);

/** Calls that every kind of pickle here may make: containers, and what holds nothing but its arguments. */
export function callOfData(of: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined {
  const [first] = args;
  if (of.path === 'collections.OrderedDict') return orderedDict(first);
  if (builtins.has(of.module)) return builtin(of, args);
  // Bytes in protocol 2.
  if (of.path === '_codecs.encode')
    return typeof first === 'string' ? new Uint8Array(Buffer.from(first, 'latin1')) : undefined;
  if (of.path === 'copyreg._reconstructor' || of.path === 'copy_reg._reconstructor')
    return first instanceof PickleGlobal ? new PickleObject(first, []) : undefined;
  return harmless.has(of.path) || ofNumpy.test(of.path) ? new PickleObject(of, args) : undefined;
}

function builtin(of: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined {
  const [first] = args;
  switch (of.name) {
    case 'set':
    case 'frozenset':
    case 'list':
      return Array.isArray(first) ? [...first] : [];
    case 'dict':
      return first instanceof PickleDict ? first : new PickleDict();
    case 'bytearray':
    case 'bytes':
      return first instanceof Uint8Array ? first : new Uint8Array();
    case 'complex':
    case 'slice':
    case 'range':
    case 'object':
      return new PickleObject(of, args);
    default:
      return undefined;
  }
}

/** From a list of pairs, or empty. */
function orderedDict(pairs: PickleValue | undefined): PickleDict {
  const dict = new PickleDict();
  if (!Array.isArray(pairs)) return dict;
  for (const pair of pairs) {
    const items: PickleValue | readonly PickleValue[] = pair instanceof PickleTuple ? pair.items : pair;
    if (Array.isArray(items)) {
      const [key = null, value = null] = items as readonly PickleValue[];
      dict.set(key, value);
    }
  }
  return dict;
}
