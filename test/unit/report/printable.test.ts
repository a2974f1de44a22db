import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/report/printable';

describe('printable', () => {
  it('writes control and bidirectional characters as their codes', () => {
    expect(printable('a\u001b[31mb\r\nc\u202ed\u009b')).toBe(
      String.raw`a\u{1b}[31mb\u{d}\u{a}c\u{202e}d\u{9b}`,
    );
  });

  it('changes nothing that can be printed', () => {
    expect(printable('Schärfe λ_max ‖H‖ 鋭さ 🙂 \\u{1b}')).toBe('Schärfe λ_max ‖H‖ 鋭さ 🙂 \\u{1b}');
  });

  it('lets no control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
