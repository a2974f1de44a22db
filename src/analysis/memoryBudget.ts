import { totalmem } from 'node:os';

/** Of the machine, for the working set where nobody says more. */
const usualShare = 1 / 4;
/** Of the machine, beyond which the machine itself would end what runs on it. */
const mostShare = 0.9;
/**
 * What a process may take beside its working set: code, samples as they were read, garbage that is not collected yet, what
 * onnxruntime keeps for its next run. docs/robustness.md has what analyses take.
 */
const besideBytes = 256 * 2 ** 20;
const besideShare = 0.25;

/** Bytes of the machine, or of the container that the process is in. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Bytes that the working set may take. @param said null: nobody says */
export function memoryBudget(said: number | null): number {
  return said ?? Math.floor(usualShare * machineBytes());
}

/** Bytes of the whole process at which an analysis is ended, since its budget was not kept. */
export function memoryLimit(budget: number, taken: number): number {
  return Math.min(taken + (1 + besideShare) * budget + besideBytes, mostShare * machineBytes());
}
