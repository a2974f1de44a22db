import { t } from '@vscode/l10n';
import type { SamplePicture, TopSample } from '../report/report';
import { element, text, type SvgText } from './svg';

export interface SamplePictureOptions {
  /** Pixels of the longer side. */
  readonly side: number;
  /** For who cannot see it. */
  readonly description: string;
}

/** Steps of a channel in coloured pictures: more would hardly be seen, and each colour is a path. */
const colourSteps = 16;

/**
 * A sample as a pixelated picture: one path for each grey level or colour, of runs of pixels along the rows. Its colours are
 * data, not the theme's.
 */
export function samplePicture(picture: SamplePicture, { side, description }: SamplePictureOptions): SvgText {
  const { width, height } = picture;
  const scale = side / Math.max(width, height);
  const paths = new Map<string, string>();
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width;) {
      const colour = colourAt(picture, x, y);
      const from = x;
      while (x < width && colourAt(picture, x, y) === colour) x += 1;
      paths.set(colour, `${paths.get(colour) ?? ''}M${from} ${y}h${x - from}v1h-${x - from}z`);
    }
  }
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'picture',
      width: width * scale,
      height: height * scale,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': description,
      'shape-rendering': 'crispEdges',
    },
    element('title', {}, text(description)),
    ...Array.from(paths, ([fill, d]) => element('path', { d, fill })),
  );
}

function colourAt({ width, channels, pixels }: SamplePicture, x: number, y: number): string {
  const at = channels * (y * width + x);
  if (channels === 1) return hexadecimal([pixels[at] ?? 0, pixels[at] ?? 0, pixels[at] ?? 0]);
  const step = 255 / (colourSteps - 1);
  return hexadecimal(
    [0, 1, 2].map((channel) => Math.round(Math.round((pixels[at + channel] ?? 0) / step) * step)),
  );
}

function hexadecimal(channels: readonly number[]): string {
  return `#${channels.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** "picture of sample 1658, label 9, predicted 7". */
export function pictureDescription({ index, label, predicted }: TopSample): string {
  return [
    t`picture of sample ${index}`,
    ...(label === null ? [] : [t`label ${label}`]),
    ...(predicted === null || predicted === label ? [] : [t`predicted ${predicted}`]),
  ].join(', ');
}
