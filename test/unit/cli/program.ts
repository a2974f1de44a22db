import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** The command line's bundle and its worker's, in a folder. @returns the program's path */
export async function buildProgram(folder: string): Promise<string> {
  await build({
    entryPoints: { cli: resolve('src/cli.ts'), worker: resolve('src/worker/entry.ts') },
    outdir: folder,
    bundle: true,
    platform: 'node',
    external: ['onnxruntime-node'],
    logLevel: 'silent',
  });
  return join(folder, 'cli.js');
}

/** A bundle that lies outside the project finds onnxruntime-node by this path. */
export const environment = { ...process.env, NODE_PATH: resolve('node_modules') };
