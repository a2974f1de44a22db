import { notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { sep } from 'node:path';
import { extensions } from 'vscode';
import { dependencies } from '../../package.json';
import { analyze, closePanels, panelTabs, shown, workspaceFile } from '../host/extensionUnderTest';

describe('the installed package', () => {
  after(closePanels);

  it('is the extension that VS Code found, and no other', () => {
    const extension = extensions.getExtension('model-sharpness.model-sharpness');
    notStrictEqual(extension, undefined);
    ok(
      extension?.extensionPath.includes(`${sep}extensions${sep}`),
      `${extension?.extensionPath ?? ''} is not where extensions are installed`,
    );
  });

  it('analyses the example with the onnxruntime that it brings', async () => {
    const digits = workspaceFile('digits.onnx');
    await analyze(digits);
    const { report } = await shown(digits, 'done');
    strictEqual(panelTabs().length, 1);
    strictEqual(report.analysis.versions['onnxruntime'], dependencies['onnxruntime-node']);
    const { lower, upper } = report.bounds.lambdaMax;
    ok(lower.value > 0 && lower.value <= upper.value, `${lower.value} to ${upper.value}`);
    const shares = report.layers.reduce((sum, { contribution }) => sum + contribution.value, 0);
    ok(Math.abs(shares - upper.value) <= 1e-9 * upper.value, 'the contributions sum to the upper bound');
  });
});
