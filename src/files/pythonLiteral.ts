/** A literal as Python writes it: what stands in the header of a npy file. Tuples and lists are both arrays. */
export type PythonLiteral = string | number | boolean | null | PythonLiteral[] | Map<string, PythonLiteral>;

const deepestNesting = 16;

/**
 * Reads one Python literal: dict with string keys, tuple, list, string, integer, True, False, None. Nothing is evaluated.
 * undefined where the text is anything else.
 */
export function parsePythonLiteral(text: string): PythonLiteral | undefined {
  try {
    const reader = new LiteralReader(text);
    const value = reader.value(0);
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NotALiteral) return undefined;
    throw error;
  }
}

class NotALiteral extends Error {}

class LiteralReader {
  private at = 0;

  constructor(private readonly text: string) {}

  atEnd(): boolean {
    this.skipSpace();
    return this.at === this.text.length;
  }

  value(depth: number): PythonLiteral {
    if (depth > deepestNesting) throw new NotALiteral();
    this.skipSpace();
    const first = this.text[this.at];
    if (first === '{') return this.dict(depth);
    if (first === '(') return this.sequence(')', depth);
    if (first === '[') return this.sequence(']', depth);
    if (first === "'" || first === '"') return this.string(first);
    return this.word();
  }

  private dict(depth: number): Map<string, PythonLiteral> {
    const entries = new Map<string, PythonLiteral>();
    this.at++;
    while (!this.takes('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' || entries.has(key) || !this.takes(':')) throw new NotALiteral();
      entries.set(key, this.value(depth + 1));
      if (this.takes(',')) continue;
      if (this.takes('}')) break;
      throw new NotALiteral();
    }
    return entries;
  }

  private sequence(end: ')' | ']', depth: number): PythonLiteral[] {
    const items: PythonLiteral[] = [];
    this.at++;
    while (!this.takes(end)) {
      items.push(this.value(depth + 1));
      if (this.takes(',')) continue;
      if (this.takes(end)) break;
      throw new NotALiteral();
    }
    return items;
  }

  /** A string without escapes: type names and field names need none. */
  private string(quote: string): string {
    const end = this.text.indexOf(quote, this.at + 1);
    const content = end === -1 ? '\\' : this.text.slice(this.at + 1, end);
    if (content.includes('\\')) throw new NotALiteral();
    this.at = end + 1;
    return content;
  }

  /** An integer (Python 2 wrote 3L for a long), True, False or None. */
  private word(): PythonLiteral {
    const word = /^[-+]?\w+/.exec(this.text.slice(this.at, this.at + 32))?.[0] ?? '';
    this.at += word.length;
    if (word === 'True') return true;
    if (word === 'False') return false;
    if (word === 'None') return null;
    const digits = /^([-+]?\d+)L?$/.exec(word)?.[1];
    if (digits === undefined) throw new NotALiteral();
    return Number(digits);
  }

  private takes(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }
}
