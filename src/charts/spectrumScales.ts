import { scaleLinear, scaleLog } from 'd3-scale';
import type { Spectrum } from '../report/report';
import { leastRange, lineMargin, type Scale } from './numberLine';
import type { SpectrumBin } from './spectrumBins';
import type { SpectrumMark } from './spectrumMarks';

/** Counts this many times apart share no linear scale. */
const linearRange = 30;
/** A bin of less than this part of one eigenvalue is as good as empty. */
export const emptyCount = 0.1;
/** Room for the numbers of the vertical scale. */
const countWidth = 44;
/** How far beyond the eigenvalues the picture may reach for a bound, relative to their range. */
const mostReach = 1;

/** λ to horizontal places: all eigenvalues, zero, and the marks that are not far beyond them. */
export function eigenvalueScale({ grid }: Spectrum, marks: readonly SpectrumMark[], width: number): Scale {
  const [first = 0, last = 1] = [grid[0], grid.at(-1)];
  const reach = mostReach * (last - first);
  const reached = marks
    .map(({ value }) => value)
    .filter((value) => value >= first - reach && value <= last + reach);
  const low = Math.min(first, 0, ...reached);
  const high = Math.max(last, 0, ...reached);
  return scaleLinear()
    .domain([low, high - low > leastRange ? high : low + 1])
    .range([countWidth, Math.max(countWidth + 20, width - lineMargin)]);
}

export interface CountScale {
  /** Height of a count; what is below the least one shown is at the foot. */
  readonly place: (count: number) => number;
  readonly ticks: readonly number[];
  readonly logarithmic: boolean;
}

/** Counts to heights, linear where the bins are alike and logarithmic where they are not; with few round ticks. */
export function countScale(bins: readonly SpectrumBin[], range: readonly [number, number]): CountScale {
  const counts = bins.map(({ count }) => count).filter((count) => count > emptyCount);
  const most = Math.max(1, ...bins.map(({ count, standardError }) => count + standardError));
  const least = Math.min(most, ...counts);
  if (most / least < linearRange) {
    const scale = scaleLinear().domain([0, most]).range(range);
    return { place: (count) => scale(count), ticks: scale.ticks(4), logarithmic: false };
  }
  const low = Math.min(0.5, least / 1.5);
  const scale = scaleLog()
    .domain([low, most * 1.3])
    .range(range);
  const decades = Math.log10(most);
  const step = Math.max(1, Math.ceil(decades / 5));
  const ticks = Array.from({ length: Math.floor(decades / step) + 1 }, (_, index) => 10 ** (index * step));
  return { place: (count) => scale(Math.max(low, count)), ticks, logarithmic: true };
}
