/** What a pickle holds, as data: nothing that it names is ever looked up or run. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  /** A list or a set. */
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict: in the order in which it was written, a key that is set again keeping its place. */
export class PickleDict {
  private readonly values = new Map<PickleValue, PickleValue>();
  /** An OrderedDict's attributes, such as a state dict's `_metadata`. */
  state: PickleValue = null;

  set(key: PickleValue, value: PickleValue): void {
    this.values.set(key, value);
  }

  get(key: string | number): PickleValue | undefined {
    return this.values.get(key);
  }

  entries(): Iterable<readonly [PickleValue, PickleValue]> {
    return this.values;
  }

  get size(): number {
    return this.values.size;
  }
}

/** The name of a class or a function. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An instance of a class, or what a harmless function makes: by name, with what it was given. */
export class PickleObject {
  state: PickleValue = null;
  /** Appended, as to a list. */
  readonly items: PickleValue[] = [];
  /** Set, as in a dict. */
  readonly entries = new PickleDict();

  constructor(
    readonly of: PickleGlobal,
    readonly args: readonly PickleValue[],
  ) {}

  /** An attribute of the state, which most classes keep in a dict. */
  attribute(name: string): PickleValue | undefined {
    return this.state instanceof PickleDict ? this.state.get(name) : undefined;
  }
}
