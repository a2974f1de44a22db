import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxModel } from '../onnxModel';
import { buildProgram, environment } from './program';

const example = resolve('examples/digits.onnx');
const digits = resolve('examples/digits.npz');

let folder = '';
let program = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-faults-'));
  program = await buildProgram(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The program in the middle of a long analysis, and the process that computes for it. */
interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly worker: number;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

async function runLong(): Promise<Running> {
  const args = ['analyze', example, '--limit', '40000', '--threads', '1', '--json'];
  const child = spawn(process.execPath, [program, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((settle) =>
    child.on('close', (code) => {
      settle({ code, stdout, stderr });
    }),
  );
  // That the curvature takes long is told when it begins: from here on the worker is in native calls.
  await new Promise<void>((settle) =>
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('Computing the curvature')) settle();
    }),
  );
  const [worker, ...others] = childrenOf(child.pid ?? 0);
  if (worker === undefined || others.length > 0) throw new Error('there is no single worker');
  return { child, worker, ended };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(process: string): number {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}

/** The most that a process has held of the machine's memory, in bytes. */
function peakOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (!Number.isNaN(parentOf(String(pid)))) await new Promise((settle) => setTimeout(settle, 20));
}

describe.skipIf(process.platform !== 'linux')('an end in the middle of an analysis', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s is told and ends the worker, too', async (signal, expected) => {
    const { child, worker, ended } = await runLong();
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(stdout).toBe('');
    expect(stderr.split('\n').slice(-2)).toEqual([
      `model-sharpness: The analysis was interrupted (${signal}).`,
      '',
    ]);
    expect(code).toBe(expected);
    await untilGone(worker);
  });

  it.each([
    ['SIGSEGV', /^model-sharpness: The analysis crashed \(SIGSEGV\); .*\.$/m],
    ['SIGKILL', /^model-sharpness: The system ended the analysis from outside, .*memory.*\.$/m],
    ['SIGTERM', /^model-sharpness: Another program ended the analysis \(SIGTERM\); run it again\.$/m],
  ] as const)('the death of the worker is told: %s', async (signal, sentence) => {
    const { worker, ended } = await runLong();
    process.kill(worker, signal);
    const { code, stdout, stderr } = await ended;
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
    expect(code).toBe(1);
  });

  it('leaves no worker behind where the program itself is killed', async () => {
    const { child, worker } = await runLong();
    child.kill('SIGKILL');
    await untilGone(worker);
  });
});

/** A network of one layer beside a chain of products, each of which is twice as wide as the one before. */
function doubling(times: number): Uint8Array {
  const chain = Array.from({ length: times }, (_, i) => [
    { operator: 'MatMul', inputs: ['two', `q${i}`], outputs: [`p${i}`] },
    { operator: 'Reshape', inputs: [`p${i}`, 'flat'], outputs: [`q${i + 1}`] },
  ]);
  return onnxModel({
    nodes: [
      { operator: 'Reshape', inputs: ['x', 'flat'], outputs: ['q0'] },
      ...chain.flat(),
      { operator: 'ReduceMean', inputs: [`q${times}`], outputs: ['s'], attributes: { keepdims: { int: 0 } } },
      { operator: 'Add', inputs: ['x', 's'], outputs: ['moved'] },
      { operator: 'Gemm', inputs: ['moved', 'w', 'b'], outputs: ['y'] },
    ],
    initialisers: {
      two: { dims: [1, 2, 1], data: Float32Array.of(1, 1) },
      flat: { dims: [3], data: BigInt64Array.of(1n, 1n, -1n) },
      w: { dims: [4, 3], data: Float32Array.from({ length: 12 }, (_, i) => i / 12) },
      b: { dims: [3], data: new Float32Array(3) },
    },
    inputs: [{ name: 'x', dims: ['N', 4] }],
    outputs: ['y'],
  });
}

describe.skipIf(process.platform !== 'linux')('a budget of memory', () => {
  it('is kept where a model doubles its own sizes, as only running it shows', async () => {
    const bomb = join(folder, 'doubles.onnx');
    await writeFile(bomb, doubling(40));
    const args = [program, 'analyze', bomb, '--limit', '8', '--memory', String(2 ** 28)];
    const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let peak = 0;
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = setInterval(() => {
      for (const worker of childrenOf(child.pid ?? 0)) peak = Math.max(peak, peakOf(worker));
    }, 100);
    const code = await new Promise((settle) => child.on('close', settle));
    clearInterval(timer);
    expect(stderr).toMatch(
      /^model-sharpness: The analysis took more memory than the 268 MB allowed and was ended; .*--memory/m,
    );
    expect(code).toBe(3);
    // What the program takes itself, what is allowed beside the budget, and what is taken between two looks.
    expect(peak).toBeLessThan(2 ** 30);
  });
});

describe.skipIf(process.platform === 'win32')('a report that cannot be written whole', () => {
  const args = ['analyze', example, '--samples', digits, '--limit', '20', '--json'];

  async function shell(line: string): Promise<{ code: number | null; stderr: string; output: string }> {
    const output = join(folder, 'output.json');
    await rm(output, { force: true });
    const { code, stderr } = await new Promise<{ code: number | null; stderr: string }>((settle) => {
      const words = ['-c', line, 'sh', output, process.execPath, program, ...args];
      const child = execFile('/bin/bash', words, { env: environment }, (_, __, text) => {
        settle({ code: child.exitCode, stderr: text });
      });
    });
    return { code, stderr, output: await readFile(output, 'utf8').catch(() => '') };
  }

  it('ends with 1 where the file takes a part of it', async () => {
    const { code, stderr, output } = await shell('ulimit -f 4; out=$1; shift; "$@" >"$out"');
    expect(output).toHaveLength(4096);
    expect(stderr).toBe(
      'model-sharpness: The output cannot be written: the file would be larger than is allowed; ' +
        'send standard output to another file or disk.\n',
    );
    expect(code).toBe(1);
  });

  it('ends with 1 where the reader of a pipe is gone', async () => {
    const { code, stderr } = await shell('shift; "$@" | :; exit ${PIPESTATUS[0]}');
    expect(stderr).toMatch(
      /^model-sharpness: The output cannot be written: its reader closed it before the end; .*\.\n$/,
    );
    expect(code).toBe(1);
  });

  it.skipIf(process.platform !== 'linux')('ends with 1 where the disk is full', async () => {
    const { code, stderr } = await shell('shift; "$@" >/dev/full');
    expect(stderr).toMatch(/^model-sharpness: The output cannot be written: the disk is full; .*\.\n$/);
    expect(code).toBe(1);
  });

  it('writes all of it where the reader is slow', async () => {
    const { code, stderr, output } = await shell(
      'out=$1; shift; "$@" | (sleep 1; cat) >"$out"; exit ${PIPESTATUS[0]}',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(output.length).toBeGreaterThan(65_536 / 4);
    expect(() => JSON.parse(output) as unknown).not.toThrow();
  });
});
