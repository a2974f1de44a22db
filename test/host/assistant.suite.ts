import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { extensions } from 'vscode';
import { assistantServer } from '../../src/host/assistantServer';
import { assistantServerId } from '../../src/host/identifiers';

interface Manifest {
  readonly version: string;
  readonly contributes: { readonly mcpServerDefinitionProviders: readonly { readonly id: string }[] };
}

describe('the server for the assistant of the editor', () => {
  it('is contributed under the name that it is registered by', async () => {
    const extension = extensions.getExtension('model-sharpness.model-sharpness');
    // Registering under another name throws here.
    await extension?.activate();
    const { contributes } = extension?.packageJSON as Manifest;
    deepStrictEqual(
      contributes.mcpServerDefinitionProviders.map(({ id }) => id),
      [assistantServerId],
    );
  });

  it('answers a client that starts it as defined, about a model of the workspace', async () => {
    const extension = extensions.getExtension('model-sharpness.model-sharpness');
    ok(extension !== undefined);
    const { command, args, env, cwd, version } = assistantServer(extension);
    strictEqual(version, (extension.packageJSON as Manifest).version);
    const client = new Client({ name: 'test', version: '1' });
    try {
      await client.connect(
        new StdioClientTransport({
          command,
          args,
          env: { ...process.env, ...env } as Record<string, string>,
          ...(cwd !== undefined && { cwd: cwd.fsPath }),
        }),
      );
      const options = ['--limit', '60', '--threads', '1'];
      const result = await client.callTool({
        name: 'analyze_sharpness',
        arguments: { model: 'digits.onnx', samples: 'digits.npz', options },
      });
      strictEqual(result.isError, false);
      match(JSON.stringify(result.content), /λ_max/);
    } finally {
      await client.close();
    }
  });
});
