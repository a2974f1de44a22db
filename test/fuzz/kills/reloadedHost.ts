// The editor's side of one model without an editor: reports what becomes of it, and goes as a window does.
import { KeptReports } from '../../../src/host/keptReports';
import { AnalysisSession } from '../../../src/host/analysisSession';
import { computationDefaults } from '../../../src/report/form';
import { WorkerClient } from '../../../src/worker/client';

/** What the host tells whoever started it. */
export type Told = { readonly worker: number } | { readonly phase: string; readonly message: string | null };

const [script = '', model = '', folder = '', round = '0'] = process.argv.slice(2);

function tell(told: Told): void {
  process.send?.(told);
}

const worker = new WorkerClient({
  script,
  log: (line) => {
    const pid = /^Worker (\d+) started/.exec(line)?.[1];
    if (pid !== undefined) tell({ worker: Number(pid) });
  },
});
const quiet = { info: () => undefined, warn: () => undefined };
const session = new AnalysisSession(
  model,
  {
    worker,
    kept: new KeptReports(folder),
    settings: () => ({ threads: 1, memoryBudget: null }),
    isTrusted: () => true,
    log: quiet,
    onChange: (state) => {
      tell({ phase: state.phase, message: state.phase === 'failed' ? state.failure.message : null });
    },
  },
  // Another seed each round: nothing that is kept serves it.
  { ...computationDefaults, seed: Number(round) },
);

process.on('message', () => {
  session.dispose();
  worker.dispose();
  process.disconnect();
});
void session.useSamples({ kind: 'random', count: 10 });
