import { spawn } from 'node:child_process';
import { basename, dirname, join, parse } from 'node:path';
import { FailureError } from '../report/failure';

/** What a Python file defines at its top that may make a model. */
export interface Maker {
  readonly name: string;
  readonly kind: 'class' | 'function';
  /** Its bases, or its parameters, as written. */
  readonly written: string;
}

const longestText = 1_000_000;

/**
 * The classes and functions at the top of a Python file, told by its text: nothing of it is run. Classes of modules come
 * first; of the others only functions may make a model.
 */
export function makersIn(text: string): readonly Maker[] {
  const found: Maker[] = [];
  const modules = new Set<string>();
  const definition = /^(class|def)[ \t]+([A-Za-z_]\w*)[ \t]*(?:\(([^)]{0,2000})\))?/gm;
  for (const [, word, name = '', written = ''] of text.slice(0, longestText).matchAll(definition)) {
    const shown = written.replace(/\s+/g, ' ').trim();
    if (word === 'class') {
      const isModule = shown
        .split(',')
        .some((base) => /(^|\.)\w*Module$/.test(base.trim()) || modules.has(base.trim()));
      if (!isModule) continue;
      modules.add(name);
    } else if (name.startsWith('_')) continue;
    found.push({ name, kind: word === 'class' ? 'class' : 'function', written: shown });
  }
  return found.sort((a, b) => Number(a.kind === 'function') - Number(b.kind === 'function'));
}

/** What a script is made of. */
export interface ScriptParts {
  /** The Python file, and what of it makes the model. */
  readonly source: string;
  readonly maker: Maker;
  readonly weights: string;
  /** A file of arrays; null: it has to be written into the script. */
  readonly samples: string | null;
  /** Of the folder with model_sharpness.py in it. */
  readonly pythonFolder: string;
}

/** The model that the script writes: beside the weights, and with a sidecar of its own. */
export function exportedModel(weights: string): string {
  return join(dirname(weights), `${parse(weights).name}-exported.onnx`);
}

/** A script that makes the model, loads its weights and exports it. JSON's strings are Python's, too. */
export function exportScript({ source, maker, weights, samples, pythonFolder }: ScriptParts): string {
  const folders = [dirname(source), pythonFolder].map((folder) => JSON.stringify(folder)).join(', ');
  const shown = maker.written === '' ? '' : `  # ${maker.kind === 'class' ? 'of' : 'takes'} ${maker.written}`;
  const module = JSON.stringify(parse(source).name);
  return `# Running this imports ${basename(source)}: what stands in it outside of functions runs, a training as well.
import importlib
import sys

sys.path[:0] = [${folders}]
from model_sharpness import export, load_samples, load_weights

${maker.name} = importlib.import_module(${module}).${maker.name}
model = ${maker.name}()${shown}
load_weights(model, ${JSON.stringify(weights)})
data = load_samples(${JSON.stringify(samples ?? 'FILE.npz')})
export(model, data, name=${JSON.stringify(exportedModel(weights).replace(/\.onnx$/, ''))})
`;
}

/**
 * Runs a script that somebody has read.
 * @param interpreter a program by its path or name; no shell sees it
 * @throws FailureError with the last line that Python wrote
 */
export function runScript(
  interpreter: string,
  script: string,
  folder: string,
  log: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(interpreter, ['-B', '-'], { cwd: folder, stdio: 'pipe', signal });
    let last = '';
    const listen = (chunk: Buffer): void => {
      log(chunk.toString());
      last = `${last}${chunk.toString()}`.slice(-4000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    // It may end before it has read all.
    child.stdin.on('error', () => undefined);
    const fail = (why: string): void => {
      reject(
        new FailureError(
          'UsageError',
          `The script did not run to its end (${why}); change it and run it again.`,
        ),
      );
    };
    child.on('error', (error) => fail(`${interpreter}: ${error.message}`));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else fail(lastLine(last) ?? `it wrote nothing, exit code ${String(code)}`);
    });
    child.stdin.end(script);
  });
}

/** Python ends a failure with the line that says what it was; null where nothing was written. */
function lastLine(text: string): string | null {
  const [line = ''] = text.trim().split('\n').slice(-1);
  return line === '' ? null : line;
}
