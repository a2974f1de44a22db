import { quote } from '../files/quote';
import { nodeText } from '../graph/nodeText';

/** How onnxruntime's messages name a node. */
const places: readonly RegExp[] = [
  /running (?<operator>\S+) node\. Name:'(?<name>.*?)' Status/,
  /Node \((?<name>.*?)\) Op \((?<operator>\S+?)\)/,
  /In Node, \("(?<name>.*?)", (?<operator>\S+?), "/,
  /Optype \((?<operator>\S+?)\).* in node \((?<name>.*?)\)/,
  /implementation for (?<operator>\S+?)\(\d+\) node with name '(?<name>.*?)'/,
];

const kernel = /Could not find an implementation|NOT_IMPLEMENTED/;

/** What onnxruntime complains of, by words of its messages; the first that fits. */
const faults: readonly (readonly [RegExp, string])[] = [
  [/allocate|bad_alloc|out of memory/i, 'there is not enough memory'],
  [kernel, 'the operator is not made for its type of numbers'],
  [/No Op registered|not a registered function|No opset import/, 'the operator is not known in this version'],
  [/which is not read here/, 'a tensor that is wanted holds numbers of a type that is not read here'],
  [/under development/, 'the version of its operators is newer than onnxruntime'],
  [/Node input .* is not a graph input/, 'nothing makes an input of a node'],
  [/input size|[Aa]ttribute/, 'inputs or attributes are missing, or are not what the operator takes'],
  [/Type Error|Unexpected input data type/, 'the types of its inputs do not fit together'],
  [/ind(ex|ices)\b.*(out of|must be within)/, 'an index lies beyond what it chooses from'],
  [/ShapeInference|dimension|broadcast|[Mm]ismatch|[Ss]hape|[Rr]ank|axis/, 'the shapes do not fit together'],
];

/**
 * What a message of onnxruntime says in plain words, as far as it is known: at which node or input, and what. The message
 * itself, of C++, is for the log.
 */
export function runtimeWords(words: string): string {
  const text = words.replaceAll(/\s+/g, ' ');
  const place = placeIn(text);
  const fault = faults.find(([sign]) => sign.test(text))?.[1];
  if (fault === undefined)
    return place === null ? 'it gives no reason that can be told' : `it stops ${place}`;
  return place === null ? fault : `${place} ${fault}`;
}

function placeIn(text: string): string | null {
  const { name = '', operator } =
    places.reduce<RegExpExecArray | null>((found, place) => found ?? place.exec(text), null)?.groups ?? {};
  if (operator !== undefined)
    return name === ''
      ? `at an unnamed ${quote(operator).slice(1, -1)} node`
      : `at ${nodeText({ name, operator }).replace('N', 'n')}`;
  const input = /input: (.*?) (?:for the|Got:)/.exec(text)?.[1];
  return input === undefined ? null : `at the input ${quote(input)}`;
}

/** Whether onnxruntime has no kernel for an operator in a type of numbers. */
export function lacksKernel(words: string): boolean {
  return kernel.test(words);
}
