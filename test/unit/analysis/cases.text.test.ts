import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import type { Report } from '../../../src/report/report';
import { requestDefaults } from '../../../src/report/request';
import { failureIn } from '../samples/failures';
import { folderWith } from '../samples/writers';

const model = join('test', 'references', 'cases', 'skl-logreg-string-labels.onnx');
const flowers = ['5.1 3.5 1.4 0.2', '7.0 3.2 4.7 1.4', '6.3 3.3 6.0 2.5', '4.9 3.0 1.4 0.2'];

async function withLabels(...labels: readonly string[]): Promise<Report> {
  const text = flowers.map((flower, row) => `${flower} ${labels[row] ?? ''}\n`).join('');
  const path = join(await folderWith({ 'iris.txt': `# by hand\n${text}` }), 'iris.txt');
  const samples = { kind: 'file', path, inputs: {}, labels: null } as const;
  return analyse({ ...requestDefaults, model, samples, threads: 1 }, () => undefined);
}

it('words that a classifier names its classes by are its classes, and the report says which', async () => {
  const numbers = await withLabels('0', '2', '2', '0');
  const words = await withLabels('setosa', 'virginica', 'virginica', 'setosa');
  expect(words.samples.meanLoss).toBe(numbers.samples.meanLoss);
  expect(words.trace.value).toBe(numbers.trace.value);
  expect(words.loss).toBe('cross-entropy');
  expect(words.warnings).toContainEqual({
    kind: 'samples',
    message:
      'The labels of "iris.txt" are words, numbered as the model names its classes: "setosa" = 0, "versicolor" = 1, "virginica" = 2.',
  });
});

it('a word that is none of them is refused with its line', async () => {
  const failure = await failureIn(() => withLabels('setosa', 'versicolour', 'virginica', 'setosa'));
  expect(failure.message).toMatch(
    /"iris\.txt" holds the label "versicolour" in line 3, column 5, which is none of the model’s classes "setosa"/,
  );
});
