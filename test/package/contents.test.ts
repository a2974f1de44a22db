import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';

/** Megabytes of the package that most servers and containers download. */
const linuxLimit = 20;
const panelLimit = 300;

const binaries = 'extension/node_modules/onnxruntime-node/bin/';

/** What a platform needs of onnxruntime's native files, below `bin/napi-v6/`. */
const nativeFiles: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux/x64/libonnxruntime.so.1', 'linux/x64/onnxruntime_binding.node'],
  'linux-arm64': ['linux/arm64/libonnxruntime.so.1', 'linux/arm64/onnxruntime_binding.node'],
  'darwin-arm64': ['darwin/arm64/libonnxruntime.1.dylib', 'darwin/arm64/onnxruntime_binding.node'],
  'win32-x64': windowsFiles('x64'),
  'win32-arm64': windowsFiles('arm64'),
};

function windowsFiles(architecture: string): string[] {
  const libraries = ['DirectML.dll', 'dxcompiler.dll', 'dxil.dll', 'onnxruntime.dll'];
  return [...libraries, 'onnxruntime_binding.node'].map((file) => `win32/${architecture}/${file}`);
}

const bundles = [
  'cli.js',
  'extension.js',
  'parquetThread.mjs',
  'webview/comparison.js',
  'webview/panel.css',
  'webview/panel.js',
  'worker.js',
];

/** Those that `npm run package` made last. */
const packages = existsSync('packages') ? readdirSync('packages') : [];

function targetOf(file: string): string {
  return /^model-sharpness-(.+)\.vsix$/.exec(file)?.[1] ?? file;
}

it(`there is a package for Linux on x64, of at most ${linuxLimit} MB`, () => {
  const file = 'model-sharpness-linux-x64.vsix';
  expect(packages).toContain(file);
  expect(statSync(`packages/${file}`).size / 1e6).toBeLessThanOrEqual(linuxLimit);
});

describe.each(packages)('%s', (file) => {
  const target = targetOf(file);
  const bytes = readFileSync(`packages/${file}`);
  const sizes = new Map<string, number>();
  const texts = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      sizes.set(name, originalSize);
      return /package\.json$|\.vsixmanifest$/.test(name);
    },
  });
  const names = [...sizes.keys()];
  const text = (name: string): string => strFromU8(texts[name] ?? new Uint8Array());

  it('holds the native files of its platform alone', () => {
    const native = names.filter((name) => name.startsWith(binaries) || /\.(node|so|dll|dylib)/.test(name));
    const wanted = nativeFiles[target]?.map((name) => `${binaries}napi-v6/${name}`);
    expect(native.sort()).toEqual(wanted);
  });

  it('says for which platform it is', () => {
    expect(text('extension.vsixmanifest')).toContain(`TargetPlatform="${target}"`);
  });

  it('holds what users run and read', () => {
    const own = names.filter((name) => !name.startsWith('extension/node_modules/'));
    expect(own.filter((name) => name.startsWith('extension/dist/')).sort()).toEqual(
      bundles.map((name) => `extension/dist/${name}`),
    );
    const read = [
      'package.json',
      'package.nls.json',
      'l10n/bundle.l10n.json',
      'readme.md',
      'changelog.md',
      'LICENSE.txt',
    ];
    const media = own.filter((name) => name.startsWith('extension/media/'));
    const rest = own.filter((name) => !/^extension\/(dist|media)\//.test(name));
    expect(rest.sort()).toEqual(
      [...read.map((name) => `extension/${name}`), 'extension.vsixmanifest', '[Content_Types].xml'].sort(),
    );
    expect(media).toEqual(
      expect.arrayContaining(
        [
          'icon.png',
          'view.svg',
          'sidecar.schema.json',
          'architecture.schema.json',
          'walkthrough/analyze.svg',
          'walkthrough/computation.svg',
        ].map((name) => `extension/media/${name}`),
      ),
    );
  });

  it('holds onnxruntime as modules that Node can load, and nothing else of other packages', () => {
    const brought = names.filter(
      (name) => name.startsWith('extension/node_modules/') && !name.startsWith(binaries),
    );
    const allowed = /^extension\/node_modules\/onnxruntime-(node\/dist|common\/dist\/cjs)\/[\w-]+\.js$/;
    expect(brought.filter((name) => !allowed.test(name)).sort()).toEqual([
      'extension/node_modules/onnxruntime-common/dist/cjs/package.json',
      'extension/node_modules/onnxruntime-common/package.json',
      'extension/node_modules/onnxruntime-node/package.json',
    ]);
    expect(JSON.parse(text('extension/node_modules/onnxruntime-common/dist/cjs/package.json'))).toMatchObject(
      { type: 'commonjs' },
    );
  });

  it('holds no sources, tests, source maps or samples', () => {
    expect(names.filter((name) => /\.(ts|mts|map|onnx|npz|npy|csv|tsbuildinfo)$/.test(name))).toEqual([]);
  });

  it(`has a panel of less than ${panelLimit} KB`, () => {
    const panel = sizes.get('extension/dist/webview/panel.js') ?? Infinity;
    expect(panel / 1000).toBeLessThan(panelLimit);
  });
});
