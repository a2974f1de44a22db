import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that start browsers are patient. */
const inBrowser = { testTimeout: 60_000, hookTimeout: 120_000 };
/** Vitest leaves a core free, which of two is half of the machine. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // For a machine that is busy with ten times as much: what hangs is found all the same.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // What they test is loaded once, not for every file; what a test sets up belongs to its file all the same.
          isolate: false,
          maxWorkers,
        },
      },
      // What `npm run package` made.
      { test: { name: 'package', include: ['test/package/**/*.test.ts'] } },
      // The panel in a browser.
      { test: { name: 'panel', include: ['test/panel/**/*.test.ts'], ...inBrowser, maxWorkers } },
      // VS Code in a browser, used as a person does: two files at a time, each with a VS Code of its own.
      {
        test: {
          name: 'person',
          include: ['test/host/**/*.test.ts'],
          ...inBrowser,
          testTimeout: 300_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
