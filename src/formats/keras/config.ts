import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';

/** What stands in a file, read with the type that it has to have. */
export class Config {
  private readonly values: ReadonlyMap<string, unknown>;
  /** Whose it is, as the subject of a sentence. */
  private readonly owner: string;

  constructor(values: unknown, owner: string) {
    this.values = new Map(isRecord(values) ? Object.entries(values) : []);
    this.owner = owner;
  }

  value(key: string): unknown {
    return this.values.get(key) ?? undefined;
  }

  text(key: string, otherwise?: string): string {
    return this.of(key, otherwise, (value) => (typeof value === 'string' ? value : undefined));
  }

  number(key: string, otherwise?: number): number {
    return this.of(key, otherwise, (value) =>
      typeof value === 'number' && Number.isFinite(value) ? value : undefined,
    );
  }

  flag(key: string, otherwise: boolean): boolean {
    return this.of(key, otherwise, (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** Positive whole numbers, one for every axis; a single number stands for all of them. */
  sizes(key: string, rank: number, otherwise?: readonly number[]): readonly number[] {
    return this.of(key, otherwise, (value) => {
      const list: unknown = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value;
      return isSizes(list) && list.length === rank ? list : undefined;
    });
  }

  list(key: string): readonly unknown[] {
    return this.of<readonly unknown[]>(key, undefined, (value) => (Array.isArray(value) ? value : undefined));
  }

  /** @param what the end of a sentence that begins with whose configuration this is */
  damaged(what: string): FailureError {
    return new FailureError(
      'DamagedModel',
      `${this.owner} ${what}; the file is damaged or was made by hand, so save the model again.`,
    );
  }

  /** @param what the end of a sentence that says what to do, too */
  unsupported(what: string): FailureError {
    return new FailureError('UnsupportedStructure', `${this.owner} ${what}.`);
  }

  private of<T>(key: string, otherwise: T | undefined, read: (value: unknown) => T | undefined): T {
    const value = this.values.get(key);
    const result = value === undefined || value === null ? otherwise : read(value);
    if (result !== undefined) return result;
    throw this.damaged(
      value === undefined || value === null
        ? `has no ${quote(key)}`
        : `has the ${quote(key)} ${quote(JSON.stringify(value))}`,
    );
  }
}

/** Whether something is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && Number(each) > 0);
}
