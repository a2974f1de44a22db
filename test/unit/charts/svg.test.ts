import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveColours } from '../../../src/charts/colours';
import { shortNames } from '../../../src/charts/layerNames';
import { element, fitText, text } from '../../../src/charts/svg';
import { anyName } from './reports';
import { readXml, textOf } from './wellFormed';

/** The characters of XML 1.0, section 2.2. */
function isInXml(character: string): boolean {
  const code = character.codePointAt(0)!;
  return (
    [0x9, 0xa, 0xd].includes(code) ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    code >= 0x10000
  );
}

describe('SVG text', () => {
  it('keeps any text inert, between tags and in attributes', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const read = readXml(element('g', { 'data-name': name }, text(`[${name}]`)));
        const allowed = Array.from(name, (character) => (isInXml(character) ? character : '\ufffd')).join('');
        expect(read.attributes['data-name']).toBe(allowed);
        expect(textOf(read)).toBe(`[${allowed}]`);
        expect(read.children.every((child) => typeof child === 'string')).toBe(true);
      }),
    );
  });

  it('leaves out attributes that are undefined and rounds coordinates', () => {
    expect(element('rect', { x: 1 / 3, y: undefined })).toBe('<rect x="0.33"/>');
  });

  it('cuts a text in the middle and keeps its ends', () => {
    expect(fitText('fc.0', 200)).toBe('fc.0');
    const cut = fitText('encoder.block.3.layer.1.DenseReluDense.wi_0', 100);
    expect(cut).toMatch(/^enco.*….*wi_0$/);
    expect(cut.length).toBeLessThan(16);
  });
});

describe('shortNames', () => {
  it.each([
    [
      ['fc.0.weight', 'fc.1.weight'],
      ['fc.0.weight', 'fc.1.weight'],
    ],
    [
      ['encoder.layers.layer_0.attention.out_proj', 'encoder.layers.layer_11.attention.out_proj'],
      ['…layer_0…', '…layer_11…'],
    ],
    [
      ['model/dense_with_a_long_name/MatMul', 'model/b/c/MatMul', 'model/b/d/MatMul'],
      ['…dense_with_a_long_name…', '…b/c…', '…b/d…'],
    ],
    [['one.very.long.name.of.a.layer'], ['one.very.long.name.of.a.layer']],
    [[], []],
  ])('%j is %j', (names, short) => {
    expect(shortNames(names)).toEqual(short);
  });

  it('keeps distinct names distinct', () => {
    const part = fc.constantFrom('encoder', 'layer_1', 'layer_2', 'attention', 'out', 'a_rather_long_part');
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), (names) => {
        expect(new Set(shortNames(names)).size).toBe(names.length);
      }),
    );
  });
});

describe('resolveColours', () => {
  const svg = '<rect fill="var(--vscode-charts-blue, #1a85ff)"/><text fill="var(--vscode-x, rgb(1, 2, 3))"/>';

  it('writes the values of a theme in, and the fallback where it has none', () => {
    expect(resolveColours(svg, { '--vscode-charts-blue': ' #123456 ' })).toBe(
      '<rect fill="#123456"/><text fill="rgb(1, 2, 3)"/>',
    );
  });

  it('does not let a value leave its attribute', () => {
    const hostile = { '--vscode-charts-blue': '"/><script>', '--vscode-x': 'a"b' };
    expect(resolveColours(svg, hostile)).toBe(`<rect fill="#1a85ff"/><text fill="a'b"/>`);
  });
});
