import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';

/** So many nodes, links, messages and chunks are looked at in one file; Keras's largest models have some ten thousand. */
const mostSteps = 2 ** 22;

/** The bytes of an HDF5 file, addresses counted from its signature. Whatever points outside of them is damage. */
export class Hdf5Bytes {
  readonly file: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private steps = 0;

  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Counts what a file can make one do without end; called once in every loop over what the file says. */
  step(): void {
    this.steps += 1;
    if (this.steps > mostSteps) throw this.damaged('its parts refer to each other without end');
  }

  u8(at: number): number {
    return this.view.getUint8(this.inside(at, 1));
  }

  u16(at: number): number {
    return this.view.getUint16(this.inside(at, 2), true);
  }

  u32(at: number): number {
    return this.view.getUint32(this.inside(at, 4), true);
  }

  /** An address or a length: one beyond the file's own is caught where it is used. */
  u64(at: number): number {
    return Number(this.view.getBigUint64(this.inside(at, 8), true));
  }

  /** A part of the file, not copied. */
  slice(at: number, length: number): Uint8Array {
    return this.bytes.subarray(this.inside(at, length), at + length);
  }

  /** The four letters that a structure begins with. */
  requireSignature(at: number, signature: string): void {
    const found = Buffer.from(this.slice(at, 4)).toString('latin1');
    if (found !== signature) throw this.damaged(`no ${signature} stands where one should`);
  }

  /** A name that ends with a zero byte. */
  name(at: number): string {
    let end = at;
    while (this.u8(end) !== 0) {
      this.step();
      end += 1;
    }
    return new TextDecoder().decode(this.slice(at, end - at));
  }

  /** @param what the end of a sentence */
  damaged(what: string): FailureError {
    return new FailureError(
      'DamagedModel',
      `${quote(this.file)} is damaged: ${what}; copy the file or save the model again.`,
    );
  }

  /** What HDF5 has and Keras does not write. */
  unsupported(what: string): FailureError {
    return new FailureError(
      'UnsupportedFormat',
      `${quote(this.file)} has ${what}, which is not read here; load it in Keras and save it again as a .keras file.`,
    );
  }

  private inside(at: number, length: number): number {
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(length) || at < 0 || length < 0)
      throw this.damaged('an address in it is none');
    if (at + length > this.bytes.length) throw this.damaged('it points beyond its end');
    return at;
  }
}
