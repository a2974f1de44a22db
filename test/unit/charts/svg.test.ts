import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colours, inPalette, palettes } from '../../../src/charts/colours';
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

/** WCAG's contrast of two opaque colours. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number =>
    [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
      const channel = Number.parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16) / 255;
      return sum + weight * (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
    }, 0);
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

describe('the palettes', () => {
  it('write their own colours in, and the fallback of what they do not have', () => {
    const svg = `<rect fill="${colours.upper}"/><text font-family="var(--vscode-font-family, serif)"/>`;
    expect(inPalette(svg, 'dark')).toBe('<rect fill="#59a4f9"/><text font-family="serif"/>');
  });

  it.each(['light', 'dark'] as const)('have marks of 3:1 and text of 4.5:1 in %s', (name) => {
    const { background, ...rest } = palettes[name];
    for (const [colour, value] of Object.entries(rest)) {
      const least = colour === 'text' || colour === 'faint' ? 4.5 : 3;
      expect(contrast(value, background), colour).toBeGreaterThan(least);
    }
  });
});
