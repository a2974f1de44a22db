/**
 * Characters of a name from a file that would move a terminal's cursor, colour it, reverse the text or stay unseen:
 * controls, format characters (bidirectional and zero-width marks), unpaired surrogates, line separators.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with every unprintable character written as its code, `\u{1b}` for an escape. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
