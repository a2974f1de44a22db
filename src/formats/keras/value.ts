import type { GraphBuilder } from '../built/graphBuilder';

/** Sizes in Keras's order, the samples first; null where the file leaves one open. */
export type Sizes = readonly (number | null)[];

/**
 * A tensor on its way through the layers. Its axes are Keras's, channels last; for ONNX's operators on images it lies
 * channels first, too, and is turned only where a layer needs the other form.
 */
export class Value {
  readonly dims: Sizes;
  private readonly builder: GraphBuilder;
  private last: string | null;
  private first: string | null;

  constructor(
    builder: GraphBuilder,
    dims: Sizes,
    names: { readonly last: string } | { readonly channelsFirst: string },
  ) {
    this.builder = builder;
    this.dims = dims;
    this.last = 'last' in names ? names.last : null;
    this.first = 'last' in names ? null : names.channelsFirst;
  }

  /** Whether it lies channels first, and not in Keras's order yet. */
  get isImage(): boolean {
    return this.last === null;
  }

  /** The tensor with its axes in Keras's order. */
  get name(): string {
    const { length } = this.dims;
    this.last ??= this.transposed(this.first, [0, ...axes(2, length), 1]);
    return this.last;
  }

  /** The tensor with the channels as its second axis. */
  get channelsFirst(): string {
    const { length } = this.dims;
    this.first ??= this.transposed(this.last, [0, length - 1, ...axes(1, length - 1)]);
    return this.first;
  }

  /** The same function of every number: no need to turn it for that. */
  map(of: (name: string) => string): Value {
    return this.last === null
      ? new Value(this.builder, this.dims, { channelsFirst: of(this.channelsFirst) })
      : new Value(this.builder, this.dims, { last: of(this.last) });
  }

  private transposed(from: string | null, order: readonly number[]): string {
    if (from === null) throw new Error('A value without a name');
    return this.dims.length < 3 ? from : this.builder.add('Transpose', [from], { perm: order });
  }
}

function axes(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}
