import { strictEqual } from 'node:assert/strict';
import { extensions } from 'vscode';

const id = 'model-sharpness.model-sharpness';

describe('activation', () => {
  it('finds the extension', () => {
    strictEqual(extensions.getExtension(id)?.id, id);
  });

  it('activates it', async () => {
    const extension = extensions.getExtension(id);
    await extension?.activate();
    strictEqual(extension?.isActive, true);
  });
});
