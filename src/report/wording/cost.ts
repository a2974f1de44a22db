import { t } from '@vscode/l10n';
import { formatCount, formatNumber } from './number';
import type { Cost } from '../report';
import { byteSize } from './byteSize';

/** Multiply-adds a second that one thread does about, in float64 on a machine of the 2020s. */
const ratePerThread = 1e10;

/** Operations a second of an eigenvalue decomposition, which one thread does whatever there are. */
const serialRate = 1.5e9;

/** A cost as it is told before the work. */
export interface PredictedCost extends Cost {
  /** Operations of an eigenvalue decomposition, beside the multiply-adds of the products. */
  readonly serialOperations?: number;
}

/** Predicted seconds from which on a person should be told before the work starts. */
export const worthTelling = 2;

/** About how long the computation takes; a guess, on which no result depends. */
export function predictedSeconds(
  { multiplyAdds, serialOperations = 0 }: PredictedCost,
  threads: number,
): number {
  return multiplyAdds / (ratePerThread * threads) + serialOperations / serialRate;
}

/** "30 s", "12 min", "2.5 h": a duration that is known roughly. */
export function durationText(seconds: number): string {
  const rounded = Number(seconds.toPrecision(2));
  if (rounded < 100) return `${formatCount(Math.max(1, rounded))} s`;
  return rounded < 5400
    ? t`${formatCount(rounded / 60)} min`
    : `${formatNumber(Number((rounded / 3600).toPrecision(2)))} h`;
}

/** "5.7e11 multiply-adds, 660 MB". */
export function costText({ multiplyAdds, bytes }: Cost): string {
  return t`${formatNumber(Number(multiplyAdds.toPrecision(2)))} multiply-adds, ${byteSize(bytes)}`;
}
