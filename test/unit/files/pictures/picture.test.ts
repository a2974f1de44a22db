import fc from 'fast-check';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { decodePicture, inChannels, resized, type Picture } from '../../../../src/files/pictures/picture';
import { writePng } from './writePng';

describe('a PNG', () => {
  // Colour types of the PNG specification: 0 grey, 2 colours, 3 palette, 4 grey and alpha, 6 colours and alpha.
  it.each([
    [
      'grey',
      0,
      8,
      [
        [1, 2],
        [3, 255],
      ],
      1,
      [1, 2, 3, 255],
    ],
    ['colours', 2, 8, [[1, 2, 3, 4, 5, 6]], 3, [1, 2, 3, 4, 5, 6]],
    ['grey with transparency', 4, 8, [[7, 0, 8, 128]], 1, [7, 8]],
    ['colours with transparency', 6, 8, [[1, 2, 3, 0, 4, 5, 6, 9]], 3, [1, 2, 3, 4, 5, 6]],
    ['16 bits', 0, 16, [[0x12, 0x34, 0xff, 0xff]], 1, [0x12, 0xff]],
  ] as const)('of %s', (_, type, depth, rows, channels, expected) => {
    const height = rows.length;
    const perPixel = { 0: 1, 2: 3, 4: 2, 6: 4 }[type] * (depth / 8);
    const width = rows[0].length / perPixel;
    const picture = decodePicture('a.png', writePng({ width, height, type, depth, rows }));
    expect(picture).toEqual({ width, height, channels, data: Uint8Array.from(expected) });
  });

  it('of bits and of a palette', () => {
    const bits = decodePicture(
      'a.png',
      writePng({
        width: 10,
        height: 2,
        type: 0,
        depth: 1,
        rows: [
          [0b10100000, 0b01000000],
          [0, 0xff],
        ],
      }),
    );
    expect(bits.channels).toBe(1);
    expect([...bits.data]).toEqual([255, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
    const palette = [
      [10, 20, 30],
      [1, 2, 3],
    ];
    const indexed = decodePicture(
      'a.png',
      writePng({ width: 3, height: 1, type: 3, depth: 4, rows: [[0x10, 0x10]], palette }),
    );
    expect(indexed).toEqual({
      width: 3,
      height: 1,
      channels: 3,
      data: Uint8Array.of(1, 2, 3, 10, 20, 30, 1, 2, 3),
    });
  });

  it('that is damaged, absurd or none is refused by its name', () => {
    const whole = writePng({
      width: 2,
      height: 2,
      type: 0,
      depth: 8,
      rows: [
        [1, 2],
        [3, 4],
      ],
    });
    for (const length of [8, 20, 40, whole.length - 14])
      expect(() => decodePicture('cut.png', whole.subarray(0, length))).toThrow(/"cut.png" is a damaged PNG/);
    const huge = writePng({ width: 60_000, height: 60_000, type: 2, depth: 8, rows: [] });
    expect(() => decodePicture('huge.png', huge)).toThrow(/megapixels/);
    expect(() => decodePicture('gif.png', new Uint8Array(Buffer.from('GIF89a')))).toThrow(
      /neither PNG nor JPEG/,
    );
  });
});

describe('a JPEG', () => {
  it('is what was encoded, but for what JPEG loses', () => {
    const [width, height] = [24, 16];
    const smooth = (x: number, y: number, c: number): number =>
      Math.round(120 + 60 * Math.sin(x / 9 + c) + 40 * Math.cos(y / 7 - c));
    const rgba = new Uint8Array(width * height * 4).map((__, i) =>
      i % 4 === 3 ? 255 : smooth(Math.floor(i / 4) % width, Math.floor(i / 4 / width), i % 4),
    );
    const picture = decodePicture('a.jpg', encodeJpeg({ width, height, data: rgba }, 98).data);
    expect([picture.width, picture.height, picture.channels]).toEqual([width, height, 3]);
    picture.data.forEach((value, i) => {
      expect(Math.abs(value - (rgba[Math.floor(i / 3) * 4 + (i % 3)] ?? 0))).toBeLessThanOrEqual(12);
    });
    const grey = rgba.map((value, i) => (i % 4 === 3 ? 255 : (rgba[i - (i % 4)] ?? value)));
    expect(decodePicture('g.jpg', encodeJpeg({ width, height, data: grey }, 98).data).channels).toBe(1);
  });
});

const pictures = fc
  .record({
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 9 }),
    channels: fc.constantFrom(1 as const, 3 as const),
  })
  .chain((size) =>
    fc
      .uint8Array({
        minLength: size.width * size.height * size.channels,
        maxLength: size.width * size.height * size.channels,
      })
      .map((data): Picture => ({ ...size, data })),
  );

describe('another size', () => {
  it('leaves the same size as it is, a picture of one colour of that colour, and every value between its neighbours', () => {
    fc.assert(
      fc.property(
        pictures,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (picture, width, height) => {
          expect(resized(picture, picture.width, picture.height)).toEqual(picture);
          const flat = { ...picture, data: picture.data.map((_, i) => 40 * (i % picture.channels) + 7) };
          const other = resized(flat, width, height);
          expect(other.data).toEqual(
            new Uint8Array(width * height * picture.channels).map((_, i) => 40 * (i % picture.channels) + 7),
          );
          const any = resized(picture, width, height);
          for (let c = 0; c < picture.channels; c += 1) {
            const of = (data: Uint8Array): number[] => [...data].filter((_, i) => i % picture.channels === c);
            expect(Math.min(...of(any.data))).toBeGreaterThanOrEqual(Math.min(...of(picture.data)));
            expect(Math.max(...of(any.data))).toBeLessThanOrEqual(Math.max(...of(picture.data)));
          }
        },
      ),
    );
  });

  it('weighs as a triangle does', () => {
    const row = (...data: number[]): Picture => ({
      width: data.length,
      height: 1,
      channels: 1,
      data: Uint8Array.from(data),
    });
    // Twice as large: three quarters of the nearer pixel; half as large: 1, 3, 3 and 1 of eight, cut off at the edges.
    expect([...resized(row(0, 80), 4, 1).data]).toEqual([0, 20, 60, 80]);
    const half = resized(row(0, 0, 80, 160, 160, 100), 3, 1);
    expect([...half.data]).toEqual(
      [80 / 7, (3 * 80 + 3 * 160 + 160) / 8, (160 + 3 * 160 + 3 * 100) / 7].map(Math.round),
    );
  });
});

describe('channels', () => {
  it('become grey by luma, and three of one', () => {
    const white: Picture = {
      width: 2,
      height: 1,
      channels: 3,
      data: Uint8Array.of(255, 255, 255, 255, 0, 0),
    };
    expect([...inChannels(white, 1).data]).toEqual([255, 76]);
    expect([...inChannels({ width: 2, height: 1, channels: 1, data: Uint8Array.of(5, 9) }, 3).data]).toEqual([
      5, 5, 5, 9, 9, 9,
    ]);
  });
});
