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
import { serveAssistant } from './mcp';
import { terminal, type Output } from './output';

const exitCodes = {
  usage: 2,
  model: 3,
  samples: 4,
  interruption: 130,
  internal: 1,
} as const satisfies Record<(typeof failureSubjects)[FailureKind], number>;

/**
 * Does what the arguments ask for.
 * @throws FailureError
 */
export async function run(args: readonly string[], worker: WorkerCalls, output: Output): Promise<void> {
  const command = parseCommandLine(args);
  switch (command.kind) {
    case 'help':
      return output.print(helpText);
    case 'version':
      return output.print(`${version}\n`);
    case 'analyze':
      return analyze(command, worker, output);
    case 'architecture':
      return output.print(`${JSON.stringify(await proposedArchitecture(command.model), null, 2)}\n`);
    case 'compare':
      return compareInTerminal(command, {
        ...output,
        analyse: (request, onProgress) => worker.analyse(request, { owner: request.model, onProgress }),
        evaluate: (request, onProgress) => worker.evaluate(request, { owner: request.model, onProgress }),
        print: (text) => output.print(inTerminalWords(text), command.json),
      });
    case 'detect':
      return detect(command.folder, output);
    case 'mcp':
      return serveAssistant(worker, run);
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
    await run(args, worker, terminal);
    return 0;
  } catch (error) {
    const { kind, message, detail } = failureOf(error);
    terminal.note(`model-sharpness: ${printable(message)}`);
    if ((failureSubjects[kind] === 'internal' || kind === 'ArchitectureMissing') && detail !== null)
      terminal.note(detail.split('\n').map(printable).join('\n'));
    return exitCodes[failureSubjects[kind]];
  }
}
