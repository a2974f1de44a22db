// Runs everything, or the parts named on the command line: `npm test -- unit host`. Installs first what is
// missing. The last line is `N passed, N failed`; the counts come from the files that the test runners write.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installEverything, installPackages } from './install.mjs';
import { root, runNode, runNpm } from './processes.mjs';

/** @typedef {{ passed: number, failed: number, skipped: readonly string[] }} Counts */

/**
 * @typedef {object} Part
 * @property {() => Promise<void>} run
 * @property {((file: string) => Counts) | null} read reads the counts of its results file; null: the part
 *   is one check, which passes or fails
 * @property {boolean} needsBrowser
 */

const resultsFolder = join(root, 'test-results');
const resultsFile = (/** @type {string} */ part) => join(resultsFolder, `${part}.json`);

/**
 * @param {string} project of vitest.config.mts
 * @param {boolean} needsBrowser
 * @returns {Part}
 */
function vitestProject(project, needsBrowser) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultsFile(project)}`];
  return {
    run: () => runNode([vitest, 'run', '--project', project, ...reporters]),
    read: readVitestResults,
    needsBrowser,
  };
}

/**
 * @param {string} part
 * @param {readonly string[]} flags of test/host/run.mjs
 * @returns {Part}
 */
function hostSuites(part, flags) {
  return {
    run: () =>
      runNode([join(root, 'test', 'host', 'run.mjs'), ...flags], {
        env: { ...process.env, MODEL_SHARPNESS_HOST_RESULTS: resultsFile(part) },
      }),
    read: readHostResults,
    needsBrowser: true,
  };
}

/**
 * Packs for Linux on x64, whose size is limited, and for this platform, where the package is installed next.
 *
 * @returns {Part}
 */
function packageContents() {
  const targets = new Set(['linux-x64', `${process.platform}-${process.arch}`]);
  const contents = vitestProject('package', false);
  return {
    ...contents,
    run: async () => {
      await runNode([join(root, 'scripts', 'package.mjs'), ...targets]);
      await contents.run();
    },
  };
}

/** The three checks of `npm run check`: each takes one core. */
async function checkAtOnce() {
  const checks = ['types', 'lint', 'format'];
  const ends = await Promise.allSettled(checks.map((check) => runNpm(['run', '--silent', `check:${check}`])));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** In the order in which they run. @type {Readonly<Record<string, Part>>} */
const parts = {
  check: { run: checkAtOnce, read: null, needsBrowser: false },
  build: { run: () => runNode([join(root, 'scripts', 'build.mjs')]), read: null, needsBrowser: false },
  unit: vitestProject('unit', false),
  panel: vitestProject('panel', true),
  host: hostSuites('host', []),
  person: vitestProject('person', true),
  // From here on dist/ is what users get: minified, without source maps.
  package: packageContents(),
  installed: hostSuites('installed', ['--installed']),
};

/**
 * @param {string} file
 * @returns {Counts}
 */
function readVitestResults(file) {
  /** @typedef {{ status: string, fullName: string }} Assertion */
  /** @typedef {{ testResults: { status: string, name: string, assertionResults: Assertion[] }[] }} Results */
  const { testResults } = /** @type {Results} */ (JSON.parse(readFileSync(file, 'utf8')));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  // A file that cannot be loaded has no tests to fail.
  const unloadable = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: tests.filter((test) => test.status === 'failed').length + unloadable.length,
    skipped: tests
      .filter((test) => test.status !== 'passed' && test.status !== 'failed')
      .map((test) => test.fullName),
  };
}

/**
 * @param {string} file
 * @returns {Counts}
 */
function readHostResults(file) {
  /** @typedef {{ passes: number, failures: number, skipped: string[] }} Results */
  const { passes, failures, skipped } = /** @type {Results} */ (JSON.parse(readFileSync(file, 'utf8')));
  return { passed: passes, failed: failures, skipped };
}

/**
 * Runs one part to its end. A part whose runner fails without a failed test, for it crashed or found no
 * test, counts as one failure.
 *
 * @param {string} name
 * @param {Part} part
 * @returns {Promise<Counts>}
 */
async function runPart(name, part) {
  console.log(`\n== ${name}`);
  const file = resultsFile(name);
  rmSync(file, { force: true });
  let ended = true;
  try {
    await part.run();
  } catch (error) {
    ended = false;
    console.error(error instanceof Error ? error.message : error);
  }
  if (part.read === null) return { passed: ended ? 1 : 0, failed: ended ? 0 : 1, skipped: [] };
  if (!existsSync(file)) {
    console.error(`${name} left no results.`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const counts = part.read(file);
  if (counts.passed + counts.failed === 0) console.error(`${name} ran no test.`);
  const unexplained = counts.failed === 0 && (!ended || counts.passed === 0);
  return unexplained ? { ...counts, failed: 1 } : counts;
}

/** @param {readonly string[]} wanted names of parts, none: all */
async function runParts(wanted) {
  const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    console.error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const chosen = Object.entries(parts).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  const total = { passed: 0, failed: 0 };
  /** @type {string[]} */
  const skipped = [];
  /** @type {string[]} */
  const failedParts = [];
  try {
    await (chosen.some(([, part]) => part.needsBrowser) ? installEverything() : installPackages());
    for (const [name, part] of chosen) {
      const counts = await runPart(name, part);
      total.passed += counts.passed;
      total.failed += counts.failed;
      skipped.push(...counts.skipped);
      if (counts.failed > 0) failedParts.push(name);
    }
  } catch (error) {
    total.failed += 1;
    console.error(error instanceof Error ? error.message : error);
  }
  if (skipped.length > 0) console.log(`\n${skipped.length} skipped:\n  ${skipped.join('\n  ')}`);
  // Here again, as a log may be cut to its end.
  if (failedParts.length > 0) console.log(`\nFailed: ${failedParts.join(', ')}.`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await runParts(process.argv.slice(2));
