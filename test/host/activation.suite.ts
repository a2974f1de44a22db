import { ok, strictEqual } from 'node:assert/strict';
import { commands, extensions, Uri, workspace } from 'vscode';

const id = 'model-sharpness.model-sharpness';

interface Manifest {
  readonly contributes: {
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly svg: string } }[];
    }[];
  };
}

describe('activation', () => {
  it('finds the extension', () => {
    strictEqual(extensions.getExtension(id)?.id, id);
  });

  it('activates it', async () => {
    const extension = extensions.getExtension(id);
    await extension?.activate();
    strictEqual(extension?.isActive, true);
  });

  it('has a walkthrough whose pictures are there and whose commands can be run', async () => {
    const extension = extensions.getExtension(id);
    ok(extension !== undefined);
    const { contributes } = extension.packageJSON as Manifest;
    const [walkthrough] = contributes.walkthroughs;
    const known = new Set(await commands.getCommands(true));
    let links = 0;
    for (const { description, media } of walkthrough?.steps ?? []) {
      const picture = await workspace.fs.stat(Uri.joinPath(extension.extensionUri, media.svg));
      ok(picture.size > 0, media.svg);
      for (const [, command = ''] of description.matchAll(/\(command:([^)]+)\)/g)) {
        ok(known.has(command), command);
        links++;
      }
    }
    ok(links > 0, 'the texts are those of package.nls.json');
  });
});
