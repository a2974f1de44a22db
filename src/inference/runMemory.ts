import type { GraphNode } from '../graph/graph';
import { sizeOf } from '../graph/static/value';
import type { Trace } from '../graph/trace';
import type { TracedTensor } from '../runtime/session';

/** What the tensors of a run take, in bytes. */
export interface RunBytes {
  /** At the most at a time, each let go after its last use. */
  readonly alive: number;
  /** All together, as a trace keeps them. */
  readonly traced: number;
}

/**
 * What a traced run took.
 * @param nodes in their order
 * @param outputs the tensors that a run hands out
 */
export function bytesOfRun(nodes: readonly GraphNode[], trace: Trace, outputs: readonly string[]): RunBytes {
  const lastUse = new Map<string, number>();
  for (const [at, { inputs }] of nodes.entries()) for (const name of inputs) lastUse.set(name, at);
  for (const name of outputs) lastUse.set(name, nodes.length);
  const bytes = (name: string): number => bytesOfTensor(trace.get(name));
  let [alive, most] = [0, 0];
  for (const [at, { inputs, outputs: made }] of nodes.entries()) {
    for (const name of made) alive += bytes(name);
    most = Math.max(most, alive);
    for (const name of new Set([...inputs, ...made]))
      if ((lastUse.get(name) ?? 0) <= at) alive -= bytes(name);
  }
  return { alive: most, traced: [...trace.values()].reduce((sum, each) => sum + bytesOfTensor(each), 0) };
}

function bytesOfTensor(tensor: TracedTensor | undefined): number {
  return tensor === undefined ? 0 : bytesOfNumber(tensor.type) * sizeOf(tensor.dims);
}

function bytesOfNumber(type: string): number {
  const bits = /\d+$/.exec(type)?.[0];
  return bits === undefined ? 1 : Number(bits) / 8;
}
