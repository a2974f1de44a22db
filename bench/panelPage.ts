import { markdownTable } from './markdownTable';

/** Milliseconds that scripts, styles and layout took of frames. */
interface Frames {
  readonly frames: number;
  readonly median: number;
  readonly worst: number;
}

/** What panelFrames.mjs prints. */
export interface PanelFrames {
  readonly layers: number;
  /** Of the message that holds the report. */
  readonly bytes: number;
  /** Milliseconds from the message to the first frame with the table. */
  readonly painted: number;
  readonly scrolled: Frames;
  readonly inTable: Frames;
  readonly sorted: Frames;
}

/** What was set out for, in milliseconds. */
const aims = { painted: 200, frame: 8 } as const;

/** The section of docs/benchmarks.md on the panel. */
export function panelSections({
  layers,
  bytes,
  painted,
  scrolled,
  inTable,
  sorted,
}: PanelFrames): readonly string[] {
  const rows = [
    ['The page scrolled', scrolled],
    ['The table scrolled', inTable],
    ['The table sorted', sorted],
  ] as const;
  return [
    `## The panel with ${layers} layers`,
    markdownTable(
      [
        ['Frames while', 'Frames', 'Median, ms', 'Worst, ms', 'Aim, ms'],
        ...rows.map(([name, { frames, median, worst }]) => [
          name,
          String(frames),
          median.toFixed(1),
          worst.toFixed(1),
          `< ${aims.frame}`,
        ]),
      ],
      1,
    ),
    `A report of ${layers} layers, all ${layers} × ${layers} blocks and 50,000 samples, ${(bytes / 1e6).toFixed(1)} MB as a message, in Chromium without a graphics card: ${painted.toFixed(0)} ms from the message to the first frame that shows it (aim: ${aims.painted}). Milliseconds are what scripts, styles and layout take of a frame, by the browser’s own counters (\`bench/panelFrames.mjs\`).`,
  ];
}
