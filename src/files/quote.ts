import { printable } from '../report/printable';

const longest = 80;

/** A name from a file, for a sentence: in quotation marks, printable, of bounded length. */
export function quote(name: string): string {
  return `"${printable(name.slice(0, longest))}${name.length > longest ? '…' : ''}"`;
}
