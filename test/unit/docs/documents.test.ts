import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependencies, devDependencies, version } from '../../../package.json';

const documents = [
  'README.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the documents', () => {
  it.each(documents)('%s links to files that exist', (document) => {
    const links = [...readFileSync(document, 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(
      ([, target = '']) => target,
    );
    const files = links.filter((target) => !target.startsWith('https://'));
    expect(files.filter((file) => !existsSync(join(dirname(document), file)))).toEqual([]);
  });

  it('explain every package in the version that is pinned', () => {
    const text = readFileSync('docs/dependencies.md', 'utf8');
    const explained = [...text.matchAll(/^\| (\S+) +\| (\d\S+) +\| \S/gm)].map(([, name, pinned]) => [
      name,
      pinned,
    ]);
    expect(Object.fromEntries(explained)).toEqual({ ...dependencies, ...devDependencies });
    expect(explained).toHaveLength(Object.keys({ ...dependencies, ...devDependencies }).length);
  });

  it('begin the list of changes with this version', () => {
    expect(readFileSync('CHANGELOG.md', 'utf8')).toMatch(new RegExp(`^# Changelog\n\n## ${version}\n`));
  });
});
