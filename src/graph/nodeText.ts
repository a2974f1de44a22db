import { printable } from '../report/printable';

const longestName = 80;

/** A node for a sentence: its name in quotation marks and its operator. */
export function nodeText({ name, operator }: { readonly name: string; readonly operator: string }): string {
  const shown = printable(name.slice(0, longestName));
  return `Node "${shown}${name.length > longestName ? '…' : ''}" (${printable(operator.slice(0, longestName))})`;
}
