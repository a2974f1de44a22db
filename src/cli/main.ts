import { version } from '../../package.json';
import { proposedArchitecture } from '../formats/readModel';
import { parseCommandLine } from '../report/commandLine';
import { failureOf, failureSubjects, type FailureKind } from '../report/failure';
import { helpText } from '../report/helpText';
import { printable } from '../report/printable';
import { inTerminalWords } from '../report/wording/settings';
import type { WorkerCalls } from '../worker/client';
import { analyze } from './analyze';
import { compareInTerminal } from './compare';
import { detect } from './detect';
import { note, print, progressLine } from './output';

const exitCodes = {
  usage: 2,
  model: 3,
  samples: 4,
  interruption: 130,
  internal: 1,
} as const satisfies Record<(typeof failureSubjects)[FailureKind], number>;

async function run(args: readonly string[], worker: WorkerCalls): Promise<void> {
  const command = parseCommandLine(args);
  switch (command.kind) {
    case 'help':
      return print(helpText);
    case 'version':
      return print(`${version}\n`);
    case 'analyze':
      return analyze(command, worker);
    case 'architecture':
      return print(`${JSON.stringify(await proposedArchitecture(command.model), null, 2)}\n`);
    case 'compare':
      return compareInTerminal(command, {
        note,
        analyse: (request, onProgress) => worker.analyse(request, { owner: request.model, onProgress }),
        progress: (progress) => {
          progressLine.show(progress);
        },
        print: (text) => {
          progressLine.clear();
          return print(inTerminalWords(text), command.json);
        },
      });
    case 'detect':
      return detect(command.folder);
  }
}

/**
 * Does what the arguments ask for. What goes wrong is one sentence on standard error.
 * @returns the exit code
 */
export async function main(args: readonly string[], worker: WorkerCalls): Promise<number> {
  process.stderr.on('error', () => {
    // Nobody reads the notes; the report may still be read.
  });
  try {
    await run(args, worker);
    return 0;
  } catch (error) {
    const { kind, message, detail } = failureOf(error);
    note(`model-sharpness: ${printable(message)}`);
    if ((failureSubjects[kind] === 'internal' || kind === 'ArchitectureMissing') && detail !== null)
      note(detail.split('\n').map(printable).join('\n'));
    return exitCodes[failureSubjects[kind]];
  }
}
