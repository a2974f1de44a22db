import { expect, it } from 'vitest';
import { reportMarkdown } from '../../../src/charts/reportMarkdown';
import type { Report } from '../../../src/report/report';
import estimate from '../../panel/fixtures/report-estimate.json';
import digits from '../../panel/fixtures/report.json';

const report = digits as unknown as Report;

it('says the verdict, λ_max with its ends, loss, accuracy, what was assumed, and who made it', () => {
  const text = reportMarkdown(estimate as unknown as Report);
  expect(text.split('\n')[0]).toBe('### Sharpness of vit-tiny.onnx');
  for (const part of [
    'Ordinary: moving the weights by 1 % can cost',
    '- λ\\_max = 53.1, between 53.11 and 53.14, certified at 99.9 %; ± 5.8 for other samples',
    '- mean loss 0.3812, accuracy 87.11 %',
    'cross-entropy · assumed',
    'softmax cross-entropy is assumed',
    'model-sharpness 0.1.0',
  ])
    expect(text).toContain(part);
});

it('has the layers that weigh most as a table, the most first', () => {
  const rows = reportMarkdown(report)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  expect(rows.map((row) => row.split(' | ')[0])).toEqual(['| layer', '| ---', '| fc.0', '| fc.1', '| fc.2']);
  expect(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length)).size).toBe(1);
});

it('keeps names from files text: no markup, no cell, no line and nobody mentioned', () => {
  const [first, ...rest] = report.layers;
  const name = '<img src=x>|`[a](b)`\n# @team **b**';
  const text = reportMarkdown({ ...report, layers: [{ ...first!, name }, ...rest] });
  expect(text).toContain('| \\<img src=x\\>\\|\\`\\[a\\](b)\\`\\\\u\\{a\\}\\# @\u200bteam \\*\\*b\\*\\* |');
});
