import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs every suite that lies bundled beside this file, inside the extension host; VS Code calls it.
 *
 * The counts go to the file MODEL_SHARPNESS_HOST_RESULTS. The launcher shows what is printed between
 * TESTS-START and TESTS-COMPLETE; the latter says that the run came to its end, because an extension host
 * that crashes ends with code 0 too.
 *
 * @throws {Error} when a test failed or none ran
 */
export async function run(): Promise<void> {
  // Mocha is an ES module and this bundle is not.
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false, forbidOnly: true });
  for (const file of readdirSync(__dirname).sort()) {
    if (file.endsWith('.suite.js')) mocha.addFile(join(__dirname, file));
  }
  await mocha.loadFilesAsync();
  console.log('TESTS-START');
  const failed: string[] = [];
  const skipped: string[] = [];
  let passes = 0;
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => {
      resolve();
    });
    runner.on('pass', () => passes++);
    runner.on('fail', (test) => failed.push(test.fullTitle()));
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
  });
  const counts = { passes, failures: failed.length };
  const results = process.env['MODEL_SHARPNESS_HOST_RESULTS'];
  if (results !== undefined) writeFileSync(results, JSON.stringify({ ...counts, failed, skipped }));
  console.log(`TESTS-COMPLETE ${JSON.stringify(counts)}`);
  if (failed.length > 0) throw new Error(`${String(failed.length)} tests failed.`);
  if (passes === 0) throw new Error('No test ran.');
}
