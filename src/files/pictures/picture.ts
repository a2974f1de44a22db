import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { quote } from '../quote';

/** A picture of 8 bits a number, rows from the top, grey or red, green and blue beside each other. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** height × width × channels, 0 to 255. */
  readonly data: Uint8Array;
}

const mostMegapixels = 100;
const jpegMegabytes = 2048;

const pngStart = [0x89, 0x50, 0x4e, 0x47];
const jpegStart = [0xff, 0xd8, 0xff];

/** What a picture's first bytes say that it is; null: none that is read here. */
export function pictureKind(start: Uint8Array): 'PNG' | 'JPEG' | null {
  if (pngStart.every((byte, i) => start[i] === byte)) return 'PNG';
  return jpegStart.every((byte, i) => start[i] === byte) ? 'JPEG' : null;
}

/**
 * Decodes a PNG or JPEG file; transparency is left out, 16 bits become 8.
 * @param name the file, for sentences
 * @throws FailureError SamplesUnreadable
 */
export function decodePicture(name: string, bytes: Uint8Array): Picture {
  const kind = pictureKind(bytes);
  if (kind === null)
    throw new FailureError(
      'SamplesUnreadable',
      `${quote(name)} is neither PNG nor JPEG; convert it to one of them.`,
    );
  try {
    return kind === 'PNG' ? fromPng(bytes) : fromJpeg(bytes);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new FailureError(
      'SamplesUnreadable',
      `${quote(name)} is a damaged ${kind} file (${printable(cause)}); copy or save it again.`,
      cause,
    );
  }
}

function fromPng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Of the header, before anything is allocated.
  if (view.getUint32(16) * view.getUint32(20) > mostMegapixels * 1e6)
    throw new Error(`it has more than ${String(mostMegapixels)} megapixels`);
  const { width, height, depth, channels, palette, data } = decodePng(bytes);
  if (palette !== undefined || depth < 8) {
    const grey = Array.from({ length: 2 ** depth }, (_, i) => [(255 * i) / (2 ** depth - 1)]);
    const colours = palette ?? grey;
    const indexed = convertIndexedToRgb({ width, height, depth, channels, data, text: {}, palette: colours });
    return withoutTransparency(width, height, colours[0]?.length ?? 1, indexed);
  }
  const bits = depth === 16 ? Uint8Array.from(data, (value) => value >> 8) : new Uint8Array(data);
  return withoutTransparency(width, height, channels, bits);
}

function fromJpeg(bytes: Uint8Array): Picture {
  const { width, height, data } = decodeJpeg(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    maxResolutionInMP: mostMegapixels,
    maxMemoryUsageInMB: jpegMegabytes,
  });
  const isGrey = isGreyOfColours(data);
  return isGrey
    ? { width, height, channels: 1, data: data.filter((_, i) => i % 3 === 0) }
    : { width, height, channels: 3, data };
}

/** jpeg-js hands out grey files as colours, which are equal then. */
function isGreyOfColours(data: Uint8Array): boolean {
  for (let i = 0; i < data.length; i += 3)
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

/** Two or four channels are one or three, and how opaque they are. */
function withoutTransparency(width: number, height: number, channels: number, data: Uint8Array): Picture {
  const kept = channels <= 2 ? 1 : 3;
  return {
    width,
    height,
    channels: kept,
    data: channels === kept ? data : data.filter((_, i) => i % channels < kept),
  };
}

/** In grey (ITU-R BT.601's luma, as Pillow's "L") or in colours. */
export function inChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const { data } = picture;
  if (channels === 3) {
    const colours = new Uint8Array(3 * data.length);
    for (let i = 0; i < colours.length; i += 1) colours[i] = data[Math.floor(i / 3)] ?? 0;
    return { ...picture, channels, data: colours };
  }
  const grey = new Uint8Array(data.length / 3);
  for (let i = 0; i < grey.length; i += 1) {
    const [red = 0, green = 0, blue = 0] = data.subarray(3 * i, 3 * i + 3);
    grey[i] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
  }
  return { ...picture, channels, data: grey };
}

/**
 * In another size, by a triangle filter as wide as a pixel of the smaller of the two pictures: bilinear with antialiasing, as
 * Pillow's and torchvision's Resize do it, each axis rounded to 8 bits.
 */
export function resized(picture: Picture, width: number, height: number): Picture {
  return alongRows(alongColumns(picture, width), height);
}

/** In the size and the channels that are wanted. */
export function fittedTo(
  picture: Picture,
  { height, width, channels }: Pick<Picture, 'height' | 'width' | 'channels'>,
): Picture {
  return resized(inChannels(picture, channels), width, height);
}

function alongColumns(picture: Picture, width: number): Picture {
  if (picture.width === width) return picture;
  const { height, channels } = picture;
  const taps = triangleTaps(picture.width, width);
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let c = 0; c < channels; c += 1) {
        const at = (i: number): number => picture.data[(y * picture.width + i) * channels + c] ?? 0;
        data[(y * width + x) * channels + c] = weighted(taps[x], at);
      }
  return { ...picture, width, data };
}

function alongRows(picture: Picture, height: number): Picture {
  if (picture.height === height) return picture;
  const { width, channels } = picture;
  const taps = triangleTaps(picture.height, height);
  const row = width * channels;
  const data = new Uint8Array(height * row);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < row; x += 1)
      data[y * row + x] = weighted(taps[y], (i) => picture.data[i * row + x] ?? 0);
  return { ...picture, height, data };
}

interface Taps {
  readonly from: number;
  readonly weights: readonly number[];
}

function weighted(taps: Taps | undefined, at: (i: number) => number): number {
  const { from, weights } = taps ?? { from: 0, weights: [] };
  const sum = weights.reduce((total, weight, i) => total + weight * at(from + i), 0);
  return Math.min(255, Math.max(0, Math.round(sum)));
}

/** For every place of the new axis, which of the old are weighed how much. */
function triangleTaps(size: number, wanted: number): readonly Taps[] {
  const scale = size / wanted;
  const reach = Math.max(1, scale);
  return Array.from({ length: wanted }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - reach + 0.5));
    const to = Math.min(size, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: to - from }, (__, i) =>
      Math.max(0, 1 - Math.abs(from + i + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { from, weights: raw.map((weight) => weight / sum) };
  });
}
