import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The process ids of the extension's workers among all that descends from a process. */
export async function workersBelow(ancestor: number): Promise<readonly number[]> {
  const lines = process.platform === 'linux' ? await linuxProcesses() : await posixProcesses();
  const parents = new Map(lines.map(({ pid, parent }) => [pid, parent]));
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === ancestor || (parent !== undefined && parent !== pid && descends(parent));
  };
  return lines
    .filter(({ pid, command }) => command.includes(join('dist', 'worker.js')) && descends(pid))
    .map(({ pid }) => pid);
}

/** Not by `ps`, which a small Linux may lack. */
async function linuxProcesses(): Promise<readonly ProcessLine[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid): Promise<ProcessLine[]> => {
      try {
        const status = await readFile(join('/proc', pid, 'status'), 'utf8');
        const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8');
        return [{ pid: Number(pid), parent: Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]), command }];
      } catch {
        return []; // ended meanwhile
      }
    }),
  );
  return lines.flat();
}

async function posixProcesses(): Promise<readonly ProcessLine[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, command]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command: command ?? '',
  }));
}
