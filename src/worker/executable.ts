import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** What the search depends on; `process` fits. */
export interface HostProcess {
  readonly execPath: string;
  readonly platform: string;
  readonly arch: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Variables for glibc, from 2.35 on; others pass them over. A first run of a graph takes new memory, of which the kernel gives
 * 4 KiB at a time: that was half of the time until the first product. In huge pages it gives 2 MiB, and what is freed
 * is kept up to the size that malloc comes to by itself.
 */
export const allocation = {
  GLIBC_TUNABLES: [
    'glibc.malloc.hugetlb=1',
    `glibc.malloc.mmap_threshold=${2 ** 25}`,
    `glibc.malloc.trim_threshold=${2 ** 25}`,
  ].join(':'),
} as const;

/** The oldest Node that the bundles are built for. */
const oldestMajor = 20;
const answerMilliseconds = 3000;

/**
 * The program that the worker runs on. Electron's allocator traps the large native allocations of a matrix product, so
 * a desktop editor takes a `node` of this machine's kind from PATH where there is one, else Electron run as Node; a
 * host that is Node already runs the worker on itself. Relative entries of PATH are passed over: they would name files
 * of the folder that happens to be open.
 */
export async function workerExecutable(host: HostProcess): Promise<string> {
  if (host.versions['electron'] === undefined) return host.execPath;
  const name = host.platform === 'win32' ? 'node.exe' : 'node';
  const folders = (host.env['PATH'] ?? host.env['Path'] ?? '').split(delimiter);
  for (const folder of folders.filter((entry) => isAbsolute(entry))) {
    const candidate = join(folder, name);
    if ((await isExecutable(candidate)) && fits(await ask(candidate), host)) return candidate;
  }
  return host.execPath;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `major platform arch` as the program itself says, or '' where it is no Node or does not answer in time. */
function ask(file: string): Promise<string> {
  const question = '[process.versions.node.split(".")[0], process.platform, process.arch].join(" ")';
  return new Promise((resolve) => {
    execFile(file, ['-p', question], { timeout: answerMilliseconds }, (error, output) => {
      resolve(error === null ? output.trim() : '');
    });
  });
}

function fits(answer: string, host: HostProcess): boolean {
  const [major, platform, arch] = answer.split(' ');
  return Number(major) >= oldestMajor && platform === host.platform && arch === host.arch;
}
