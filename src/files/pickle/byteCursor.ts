import { FailureError } from '../../report/failure';
import { quote } from '../quote';

/** Lines of text in pickles are names and numbers. */
const longestLine = 64 * 1024;

/** Reads bytes from the front to the back; nothing is allocated before it is known to be there. */
export class ByteCursor {
  position = 0;

  /** @param name the file, for sentences */
  constructor(
    private readonly name: string,
    private readonly data: Uint8Array,
  ) {}

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  /** The next bytes, as they lie in memory. @throws FailureError DamagedModel beyond the end */
  bytes(length: number): Uint8Array {
    const from = this.position;
    this.skip(length);
    return this.data.subarray(from, this.position);
  }

  skip(length: number): void {
    if (!(length >= 0 && length <= this.data.length - this.position)) throw this.cut();
    this.position += length;
  }

  view(length: number): DataView {
    const bytes = this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A length of 8 bytes. */
  longLength(): number {
    return Number(this.view(8).getBigUint64(0, true));
  }

  latin1(length: number): string {
    return Buffer.from(this.bytes(length)).toString('latin1');
  }

  utf8(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes(length));
  }

  /** Up to the next line feed, without it: Latin-1, as the text of protocol 0 is. */
  line(): string {
    const end = this.data.subarray(0, this.position + longestLine).indexOf(0x0a, this.position);
    if (end < 0) throw this.cut();
    const text = this.latin1(end - this.position);
    this.position += 1;
    return text;
  }

  /** What is left. */
  get rest(): number {
    return this.data.length - this.position;
  }

  private cut(): FailureError {
    return new FailureError(
      'DamagedModel',
      `${quote(this.name)} is damaged: it ends before what it begins; copy, download or save it again.`,
    );
  }
}
