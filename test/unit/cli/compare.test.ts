import { mkdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { compareInTerminal } from '../../../src/cli/compare';
import { numbersOf } from '../../../src/comparison/numbers';
import type { Comparison } from '../../../src/comparison/schema';
import { parseCommandLine } from '../../../src/report/commandLine';
import type { PrintedReport } from '../../../src/report/report';
import { perturbed } from '../analysis/perturbed';
import { temporaryFolder } from '../formats/temporaryFolder';

const folder = temporaryFolder();

/** Seconds of computing, which the load of the machine does not change. */
async function computing(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

it('compares checkpoints in one process, for no more than 1.3 times what their analyses take', async () => {
  const model = await readFile(resolve('examples/digits.onnx'));
  await mkdir(folder.path('run'));
  const count = 6;
  for (let k = 1; k <= count; k += 1)
    await folder.write(`run/epoch-${k}.onnx`, perturbed(model, 0.01 * k, k));
  const args = ['--samples', resolve('examples/digits.npz'), '--limit', '120', '--threads', '1', '--json'];
  const command = parseCommandLine(['compare', folder.path('run'), ...args]);
  if (command.kind !== 'compare') throw new Error(`read as ${command.kind}`);
  let printed = '';
  let alone = 0;
  const reports: PrintedReport[] = [];
  const compared = await computing(() =>
    compareInTerminal(command, {
      note: () => undefined,
      progress: () => undefined,
      print: (text) => {
        printed += text;
      },
      analyse: async (request, onProgress) => {
        alone += await computing(async () => {
          reports.push(await analyse(request, onProgress));
        });
        return reports.at(-1)!;
      },
      evaluate: () => Promise.reject(new Error('nothing is only run')),
    }),
  );
  const { rows } = JSON.parse(printed) as Comparison;
  expect(rows.map(({ name, numbers }) => [name, numbers])).toEqual(
    reports.map((report, k) => [`epoch-${k + 1}.onnx`, numbersOf(report)]),
  );
  expect(reports).toHaveLength(count);
  expect(compared / alone).toBeLessThan(1.3);
});
