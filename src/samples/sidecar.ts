import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import * as v from 'valibot';
import { quote } from '../files/quote';
import { atomicWrite } from '../files/atomicWrite';
import { staysInside } from '../files/insideFolder';
import { readArchitecture } from '../formats/architecture/readArchitecture';
import { architectureSchema, parseArchitecture, type Architecture } from '../report/architecture';
import { FailureError, failureOf, failureSubjects } from '../report/failure';
import { lossChoices, lossChoicesText } from '../report/wording/lossWords';
import { normalisationNames } from './pictures/normalisation';
import { completeRequest, completeTraining, optimisers, type RequestOptions } from '../report/request';
import { sidecarPath } from './sidecarPath';

/** A sidecar has some lines; what is far beyond is none. */
const largest = 1024 ** 2;

const text = v.pipe(v.string(), v.nonEmpty());

const tensors = v.pipe(
  v.array(text),
  v.checkItems((name, index, names) => names.indexOf(name) === index),
);

/**
 * What may stand in NAME.sharpness.json; `samples` is a path relative to its folder. `media/sidecar.schema.json`, which
 * the editor completes sidecars from, is made from it.
 */
export const sidecarSchema = v.strictObject({
  samples: v.optional(text),
  inputs: v.optional(v.record(v.string(), text)),
  labels: v.optional(text),
  scale: v.optional(
    v.pipe(
      v.number(),
      v.finite(),
      v.check((value) => value !== 0),
    ),
  ),
  normalize: v.optional(text),
  skipBroken: v.optional(v.boolean()),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1))),
  architecture: v.optional(v.union([text, architectureSchema])),
  output: v.optional(text),
  loss: v.optional(v.picklist(lossChoices)),
  classWeights: v.optional(
    v.union([
      v.literal('balanced'),
      v.pipe(v.array(v.pipe(v.number(), v.finite(), v.minValue(0))), v.minLength(1)),
    ]),
  ),
  labelSmoothing: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
  posWeight: v.optional(v.pipe(v.array(v.pipe(v.number(), v.finite(), v.minValue(0))), v.minLength(1))),
  ignoreLabel: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 31)), v.maxValue(2 ** 31 - 1))),
  weightDecay: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  training: v.optional(
    v.strictObject({
      optimiser: v.optional(v.picklist(optimisers)),
      learningRate: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
      momentum: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
      batchSize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
  decayed: v.optional(v.pipe(tensors, v.minLength(1))),
  trained: v.optional(tensors),
  fixed: v.optional(tensors),
  paddingRows: v.optional(v.record(text, v.pipe(v.number(), v.integer(), v.minValue(0)))),
  shapes: v.optional(
    v.record(
      text,
      v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.minLength(1), v.readonly()),
    ),
  ),
});

type Written = v.InferOutput<typeof sidecarSchema>;

/** What each field may hold, for the sentence that refuses another and for the editor, which completes them. */
export const sidecarFields: Readonly<Record<keyof Written, string>> = {
  samples: 'the path of a data file, relative to the model',
  inputs: 'an object of keys in the data file by graph input',
  labels: 'the key of the labels in the data file',
  scale: 'a number other than 0',
  normalize: `how the pixels of pictures are normalised: ${normalisationNames}`,
  skipBroken: 'true or false: whether pictures that cannot be read are left out',
  limit: 'a whole number from 1',
  architecture:
    'the layers of a file of weights, as “model-sharpness architecture” proposes them, or the path of a file of them',
  output: 'the name of a graph output',
  loss: lossChoicesText,
  classWeights: '"balanced" or an array of numbers of at least 0',
  labelSmoothing: 'a number from 0 to below 1',
  posWeight: 'an array of numbers of at least 0: one, or one for every output',
  ignoreLabel: 'a whole number, the label that leaves out what it stands for',
  weightDecay: 'a number of at least 0: λ of ½λ‖θ‖², added to the loss',
  training:
    'an object of "optimiser" (sgd, momentum, nesterov or adam), "learningRate", "momentum" (of Adam β₁) and "batchSize"',
  decayed:
    'an array of names of parameters or patterns, such as "*.weight", each once, that the weight decay is over',
  trained: 'an array of names of tensors in the model, each once, that count as parameters',
  fixed: 'an array of names of tensors in the model, each once, that do not count as parameters',
  paddingRows:
    'an object of rows by the name of an embedding’s table, such as { "embedding.weight": 0 }, that a lookup does not train (padding_idx)',
  shapes: 'an object of shapes by graph input, the samples first, such as { "image": [1, 3, 224, 224] }',
};

/** What a model's sidecar says; the path of the data file is made absolute. */
export interface Sidecar {
  /** File name as shown. */
  readonly name: string;
  readonly options: RequestOptions;
}

/**
 * The settings beside a model, or null where there are none.
 * @param confined whether the folder is not trusted: the sidecar then names no file outside it, and is no link to one
 * @throws FailureError UsageError naming the sidecar where it cannot be read, is no JSON, or says what it may not
 */
export async function readSidecar(modelFile: string, confined = false): Promise<Sidecar | null> {
  const path = sidecarPath(modelFile);
  if (confined && !(await staysInside(basename(path), dirname(path))))
    throw invalid(path, 'it is a link out of its folder, which is not trusted');
  const written = await readWritten(path);
  if (written === null) return null;
  const { samples } = written;
  if (samples !== undefined && isAbsolute(samples)) {
    throw invalid(path, `its samples are ${quote(samples)}, but must be relative to the model`);
  }
  const { labels } = written;
  // Labels by their whole path are the terminal's: a sidecar stays with the files of its folder.
  if (labels !== undefined && isAbsolute(labels) && labels.endsWith('.npy'))
    throw invalid(path, `its labels are ${quote(labels)}, but must lie beside its samples`);
  if (confined && !(await staysConfined(written, dirname(path))))
    throw invalid(path, 'it names a file outside its folder, which is not trusted');
  const both = written.trained?.find((name) => written.fixed?.includes(name) === true);
  if (both !== undefined) throw invalid(path, `${quote(both)} cannot be both trained and fixed`);
  return {
    name: basename(path),
    options: {
      samples: samples === undefined ? null : join(dirname(path), samples),
      inputs: written.inputs ?? null,
      labels: written.labels ?? null,
      scale: written.scale ?? null,
      normalize: written.normalize ?? null,
      skipBroken: written.skipBroken ?? null,
      limit: written.limit ?? null,
      output: written.output ?? null,
      loss: written.loss ?? null,
      classWeights: written.classWeights ?? null,
      labelSmoothing: written.labelSmoothing ?? null,
      posWeight: written.posWeight ?? null,
      ignoreLabel: written.ignoreLabel ?? null,
      weightDecay: written.weightDecay ?? null,
      training: written.training === undefined ? null : completeTraining(written.training),
      decayed: written.decayed ?? null,
      trained: written.trained ?? null,
      fixed: written.fixed ?? null,
      paddingRows: written.paddingRows ?? null,
      shapes: written.shapes ?? null,
      architecture: await architectureOf(path, written.architecture),
    },
  };
}

/** What a sidecar says of the layers, itself or by the path of a file beside it. */
async function architectureOf(path: string, written: Written['architecture']): Promise<Architecture | null> {
  if (typeof written !== 'string') return written ?? null;
  if (isAbsolute(written))
    throw invalid(path, `its architecture is ${quote(written)}, but must be relative to the model`);
  return readArchitecture(join(dirname(path), written));
}

/**
 * Writes down what was said of a model; what else its sidecar says stays, but for the keys in another file of samples. null
 * leaves open again. A file that no relative path leads to (another drive) is not remembered.
 * @throws FailureError where there is a sidecar that cannot be read; what writing throws
 */
export async function writeSidecar(modelFile: string, said: Partial<RequestOptions>): Promise<void> {
  const path = sidecarPath(modelFile);
  const before = (await readWritten(path)) ?? {};
  const { samples, ...others } = said;
  const after: Record<string, unknown> = { ...before };
  if (samples !== undefined) setSamples(after, path, samples);
  for (const [field, value] of Object.entries(others)) {
    if (value === null || isEmpty(value)) Reflect.deleteProperty(after, field);
    else after[field] = value;
  }
  if (JSON.stringify(after) !== JSON.stringify(before))
    await atomicWrite(path, `${JSON.stringify(after, null, 2)}\n`);
}

/**
 * Writes layers to be completed beside a file of weights, unless that was done before, and names them in its sidecar.
 * @param proposal JSON
 * @returns the path of what was written
 * @throws FailureError where there is a sidecar that cannot be read; what writing throws
 */
export async function writeArchitecture(modelFile: string, proposal: string): Promise<string> {
  const path = sidecarPath(modelFile);
  const own = join(dirname(modelFile), `${parse(modelFile).name}.architecture.json`);
  if ((await readText(own)) === null) await atomicWrite(own, `${proposal}\n`);
  const before = (await readWritten(path)) ?? {};
  const after: Written = { ...before, architecture: basename(own) };
  await atomicWrite(path, `${JSON.stringify(after, null, 2)}\n`);
  return own;
}

function setSamples(written: Record<string, unknown>, path: string, samples: string | null): void {
  const before = written['samples'];
  if (samples !== null && typeof before === 'string' && resolve(dirname(path), before) === resolve(samples))
    return;
  const way = samples === null ? null : relative(resolve(dirname(path)), resolve(samples));
  if (way !== null && isAbsolute(way)) return;
  for (const field of ['samples', 'inputs', 'labels']) Reflect.deleteProperty(written, field);
  if (way !== null) written['samples'] = way.split(sep).join('/');
}

/** Lists and objects of nothing say nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

async function readWritten(path: string): Promise<Written | null> {
  const content = await readText(path);
  if (content === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw invalid(path, 'it is no JSON', error instanceof Error ? error.message : null);
  }
  if (Array.isArray(json)) throw invalid(path, 'it is no JSON object');
  const checked = v.safeParse(sidecarSchema, json);
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  const field = issue.path?.[0]?.key;
  if (typeof field !== 'string') throw invalid(path, 'it is no JSON object');
  if (!isField(field)) {
    throw invalid(path, `it has no field ${quote(field)} (${Object.keys(sidecarFields).join(', ')})`);
  }
  const said = field === 'architecture' ? (json as Readonly<Record<string, unknown>>)['architecture'] : null;
  const parsed = typeof said === 'object' && said !== null ? parseArchitecture(said) : null;
  if (parsed?.ok === false) throw invalid(path, `of its architecture ${parsed.fault}`);
  throw invalid(path, `its field ${field} must be ${sidecarFields[field]}`, issue.message);
}

/** The npy files beside the samples are named by their keys. */
async function staysConfined({ samples, inputs, labels }: Written, folder: string): Promise<boolean> {
  if (samples === undefined) return true;
  const keys = samples.endsWith('.npy')
    ? [...Object.values(inputs ?? {}), ...(labels === undefined ? [] : [labels])]
    : [];
  const names = [samples, ...keys.map((key) => join(dirname(samples), `${key}.npy`))];
  const stay = await Promise.all(names.map((name) => staysInside(name, folder)));
  return stay.every((inside) => inside);
}

function isField(name: string): name is keyof Written {
  return Object.hasOwn(sidecarFields, name);
}

async function readText(path: string): Promise<string | null> {
  try {
    // Opening a pipe would else wait for somebody to write to it.
    const file = await open(
      path,
      constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK),
    );
    try {
      if (!(await file.stat()).isFile()) throw invalid(path, 'it is no regular file');
      return (await readBounded(file, path)).toString();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // A model's name may be so long that none fits beside it.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    throw invalid(path, 'it cannot be read', error instanceof Error ? error.message : null);
  }
}

/** What the system says of a file's size need not be so. */
async function readBounded(file: FileHandle, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(largest + 1);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  throw invalid(path, `it has more than ${largest} bytes, far more than settings take`);
}

function invalid(path: string, what: string, detail: string | null = null): FailureError {
  return new FailureError(
    'UsageError',
    `The sidecar ${quote(basename(path))} cannot be used: ${what}; correct or delete it.`,
    detail,
  );
}

/** What an analysis takes from a sidecar: the fields that `options` leave open. */
export function describeSource({ options: said }: Sidecar, options: RequestOptions): string[] {
  return Object.keys(sidecarFields).filter(
    (field) => isField(field) && options[field] === null && said[field] !== null,
  );
}

/** The options, completed by the sidecar. */
export function withSidecar(options: RequestOptions, sidecar: Sidecar | null): RequestOptions {
  return sidecar === null ? options : completeRequest(options, sidecar.options);
}

/**
 * The failure of an analysis that took `fields` from a sidecar: where the settings or samples are to blame, its sentence
 * names the sidecar.
 */
export function namingSidecar(thrown: unknown, { name }: Sidecar, fields: readonly string[]): unknown {
  const { kind, message, detail } = failureOf(thrown);
  const subject = failureSubjects[kind];
  const blamed = subject === 'usage' || subject === 'samples';
  if (!blamed || fields.length === 0) return thrown;
  return new FailureError(kind, `With ${fields.join(', ')} from ${quote(name)}: ${message}`, detail);
}
