import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependencies, devDependencies, version } from '../../../package.json';
import { lowerings } from '../../../src/graph/lowering/lowerings';

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

  it('list every operator that can be lowered, under its domain, and no other', () => {
    const text = readFileSync('docs/operators.md', 'utf8');
    const [own = '', contributed = '', learners = ''] = text
      .split('\n## ')
      .slice(1, 4)
      .map((section) => section.match(/^\|.*$/gm)?.join() ?? '');
    const named = (rows: string): string[] =>
      [...rows.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort();
    const known = Object.keys(lowerings);
    const knownOf = (domain: string): string[] =>
      known.flatMap((name) => (name.startsWith(`${domain}::`) ? [name.slice(domain.length + 2)] : [])).sort();
    expect(named(own)).toEqual(known.filter((name) => !name.includes('::')).sort());
    expect(named(contributed)).toEqual(knownOf('com.microsoft'));
    expect(named(learners)).toEqual(knownOf('ai.onnx.ml'));
  });

  it('say in the citation which version this is, and whose bound it is', () => {
    const citation = readFileSync('CITATION.cff', 'utf8');
    expect(citation).toContain(`\nversion: ${version}\n`);
    expect(citation).toContain('arXiv:2604.10202');
  });

  it('begin the list of changes with this version', () => {
    expect(readFileSync('CHANGELOG.md', 'utf8')).toMatch(new RegExp(`^# Changelog\n\n## ${version}\n`));
  });
});
