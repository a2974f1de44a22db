// What `@vscode/test-electron` and `@vscode/test-cli` start as if it were the desktop VS Code: takes the
// same flags, runs the tests in the extension host of the hosted VS Code, and ends with their exit code.
import { format, parseArgs } from 'node:util';
import { startHostedVscode } from './hostedVscode.mjs';

/** The whole run, from the start of the server to the last test. */
const runLimit = 8 * 60_000;
/** VS Code logs some 300 lines of its own around the tests: what the tests print comes after this line. */
const startMarker = /^TESTS-START$/m;
/** What the runner prints last: a crashed extension host reports code 0 as well, but not this. */
const completionMarker = /^TESTS-COMPLETE (\{.*\})$/m;
/** Of VS Code's own lines, so many characters are shown when the tests did not end. */
const hiddenLimit = 4000;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function runInHostedVscode(args) {
  const vscode = await startHostedVscode(readFlags(args));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  try {
    const output = new TestOutput();
    /** @type {number} */
    const code = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`The tests did not end within ${String(runLimit / 60_000)} minutes.`));
      }, runLimit);
      vscode
        .openPage({
          beforeLoad: async (page) => {
            await page.exposeFunction('codeAutomationLog', output.take);
            await page.exposeFunction('codeAutomationExit', (/** @type {number} */ exitCode) => {
              clearTimeout(timer);
              resolve(exitCode);
            });
            page.once('crash', () => {
              reject(new Error('The browser page of VS Code crashed.'));
            });
          },
        })
        .catch(reject);
    }).catch((/** @type {unknown} */ error) => {
      output.showHidden();
      throw error;
    });
    if (output.counts === null) {
      output.showHidden();
      console.error('The extension host ended without saying that its tests completed: it crashed.');
      return 1;
    }
    if (output.counts.passes === 0 || output.counts.failures > 0) return 1;
    return code;
  } finally {
    await vscode.stop();
  }
}

/** @param {string[]} args */
function readFlags(args) {
  const { values, positionals } = parseArgs({
    args,
    // Chromium's flags and the profile's folders come too, and mean nothing here.
    strict: false,
    allowPositionals: true,
    options: {
      extensionDevelopmentPath: { type: 'string' },
      extensionTestsPath: { type: 'string' },
      // Ours: the extension as users install it, in the place of the one under development.
      installPackage: { type: 'string' },
    },
  });
  const [folder] = positionals;
  const { extensionDevelopmentPath: extension, extensionTestsPath: tests, installPackage } = values;
  if (folder !== undefined && typeof tests === 'string') {
    if (typeof extension === 'string') return { folder, extension, tests };
    if (typeof installPackage === 'string') {
      return { folder, extension: null, packages: [installPackage], tests };
    }
  }
  throw new Error(
    'Wanted, all absolute: launcher FOLDER --extensionTestsPath=FILE and --extensionDevelopmentPath=FOLDER or ' +
      '--installPackage=FILE.',
  );
}

/** What the extension host logs: the tests' own lines are shown, VS Code's are kept for an accident. */
class TestOutput {
  /** @type {{ passes: number, failures: number } | null} what the runner said at its end */
  counts = null;
  #testing = false;
  #hidden = '';

  /**
   * @param {string} type `info`, `error`, ...
   * @param {unknown[]} values what console.log and its kin were given
   */
  take = (type, values) => {
    const text = format(...values);
    if (startMarker.test(text)) this.#testing = true;
    // Mocha reports by console.log; between its lines come errors that VS Code logs.
    else if (this.#testing && type !== 'error') console.log(text);
    else this.#hidden = `${this.#hidden}${text}\n`.slice(-hiddenLimit);
    const counts = completionMarker.exec(text)?.[1];
    if (counts === undefined) return;
    this.counts = /** @type {{ passes: number, failures: number }} */ (JSON.parse(counts));
    this.#testing = false;
  };

  showHidden() {
    console.error(this.#hidden);
  }
}

try {
  process.exitCode = await runInHostedVscode(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
