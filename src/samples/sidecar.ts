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
import { optionRows, options as optionTable } from '../report/options';
import { allowsNumber, type NumberValue, type Value } from '../report/optionValue';
import { completeRequest, completeTraining, noOptions, type RequestOptions } from '../report/request';
import type { Training } from '../report/report';
import { sidecarPath } from './sidecarPath';

/** A sidecar has some lines; what is far beyond is none. */
const largest = 1024 ** 2;

const text = v.pipe(v.string(), v.nonEmpty());

const count: NumberValue = { kind: 'number', whole: true, least: 1 };

/** The minimum and maximum stand in the published schema; the check has what else is asked. */
function numberSchema(value: NumberValue): v.GenericSchema<number> {
  const { whole, least, above, most, below } = value;
  let schema: v.GenericSchema<number> = v.pipe(
    v.number(),
    v.check((number) => allowsNumber(value, number)),
  );
  if (whole === true) schema = v.pipe(schema, v.integer());
  if (least !== undefined) schema = v.pipe(schema, v.minValue(least));
  if (above !== undefined) schema = v.pipe(schema, v.gtValue(above));
  if (most !== undefined) schema = v.pipe(schema, v.maxValue(most));
  if (below !== undefined) schema = v.pipe(schema, v.ltValue(below));
  return schema;
}

/** What JSON may say as the value of an option. */
function schemaOf(value: Value): v.GenericSchema {
  switch (value.kind) {
    case 'tick':
      return v.boolean();
    case 'choice':
      return v.picklist(value.values);
    case 'number':
      return numberSchema(value);
    case 'numbers': {
      const numbers = v.pipe(v.array(numberSchema({ kind: 'number', least: 0 })), v.minLength(1));
      return value.word === undefined ? numbers : v.union([v.literal(value.word), numbers]);
    }
    case 'names': {
      const names = v.pipe(
        v.array(text),
        v.checkItems((name, index, all) => all.indexOf(name) === index),
      );
      return value.some === true ? v.pipe(names, v.minLength(1)) : names;
    }
    case 'name':
      return text;
    case 'keys':
      return v.record(v.string(), text);
    case 'shapes':
      return v.record(text, v.pipe(v.array(numberSchema(count)), v.minLength(1)));
    case 'rows':
      return v.record(text, numberSchema({ ...count, least: 0 }));
    case 'architecture':
      return v.union([text, architectureSchema]);
    case 'training':
      return v.strictObject(
        Object.fromEntries(
          Object.keys(completeTraining({})).map((key) => [
            key,
            v.optional(schemaOf(optionTable[key as keyof Training].value)),
          ]),
        ),
      );
  }
}

const rows = optionRows.filter(({ sidecar }) => sidecar !== undefined);

/**
 * What may stand in NAME.sharpness.json; `samples` is a path relative to its folder. `media/sidecar.schema.json`, which
 * the editor completes sidecars from, is made from it.
 */
export const sidecarSchema = v.strictObject(
  Object.fromEntries(rows.map(({ key, value }) => [key, v.optional(schemaOf(value))])),
);

/** As it stands in the file, which leaves open what it does not say. */
type Written = {
  readonly [Key in keyof Omit<RequestOptions, 'architecture' | 'training'>]?: NonNullable<
    RequestOptions[Key]
  >;
} & {
  readonly architecture?: string | Architecture;
  readonly training?: Partial<Training>;
};

/** What each field may hold, for the sentence that refuses another and for the editor, which completes them. */
export const sidecarFields: Readonly<Record<string, string>> = Object.fromEntries(
  rows.map(({ key, sidecar = '' }) => [key, sidecar]),
);

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
      ...noOptions,
      ...written,
      samples: samples === undefined ? null : join(dirname(path), samples),
      training: written.training === undefined ? null : completeTraining(written.training),
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

function isField(name: string): name is keyof RequestOptions {
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
