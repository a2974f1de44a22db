export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** How pictures lie in an input: where its channels are among the axes of a sample. */
export interface PictureLayout extends PictureSize {
  readonly order: 'channels first' | 'channels last';
  /** Dimensions of one sample. */
  readonly dims: readonly number[];
}

/** What the dimensions of a sample say of pictures, or null: they are none. */
export function pictureLayout(dims: readonly (number | null)[], natural: PictureSize): PictureLayout | null {
  const [a, b, c] = dims;
  const isChannels = (size: number | null | undefined): boolean => size === 1 || size === 3;
  const made = (
    order: PictureLayout['order'],
    [height, width, channels]: readonly (number | null | undefined)[],
  ): PictureLayout | null => {
    const size = {
      height: height ?? natural.height,
      width: width ?? natural.width,
      channels: channels ?? natural.channels,
    };
    if (size.channels !== 1 && size.channels !== 3) return null;
    const all =
      order === 'channels first'
        ? [size.channels, size.height, size.width]
        : [size.height, size.width, size.channels];
    const shape =
      dims.length === 3
        ? all
        : dims.length === 2
          ? [size.height, size.width]
          : [all.reduce((x, y) => x * y, 1)];
    return { ...size, channels: size.channels, order, dims: shape };
  };
  if (dims.length === 3) {
    const first = isChannels(a) || a === null ? made('channels first', [b, c, a]) : null;
    const last = isChannels(c) || c === null ? made('channels last', [a, b, c]) : null;
    const isNatural = (layout: PictureLayout | null): boolean =>
      layout?.height === natural.height && layout.width === natural.width;
    if (first !== null && last !== null)
      return isChannels(c) && !isChannels(a) ? last : isNatural(last) && !isNatural(first) ? last : first;
    return first ?? last;
  }
  if (dims.length === 2) return made('channels first', [a, b, 1]);
  if (dims.length !== 1) return null;
  const { height, width, channels } = natural;
  if (a === null || a === undefined || a === height * width * channels)
    return made('channels first', [height, width, channels]);
  for (const count of [1, 3] as const) {
    if (a === height * width * count) return made('channels first', [height, width, count]);
    const side = Math.sqrt(a / count);
    if (Number.isInteger(side)) return made('channels first', [side, side, count]);
  }
  return null;
}
