import { t } from '@vscode/l10n';
import { formatPercent } from '../report/wording/number';
import type { TopSample } from '../report/report';
import { colours } from './colours';
import { pictureDescription, samplePicture } from './samplePicture';
import { chart, element, label, text, type SvgText } from './svg';
import { sampleWords } from './topSamples';

export interface SamplesDrawingOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

const columnWidth = 268;
const rowHeight = 64;
const pictureSide = 52;

/** The samples that weigh most side by side, with their pictures where they are such: for a drawing that stands alone. */
export function samplesDrawing(samples: readonly TopSample[], { id, width }: SamplesDrawingOptions): SvgText {
  const columns = Math.max(1, Math.floor(width / columnWidth));
  return chart(
    {
      id,
      width,
      height: rowHeight * Math.ceil(samples.length / columns),
      title: t('Samples that contribute most to ‖H‖²'),
      description: samples.map(({ index, share }) => t`sample ${index}: ${formatPercent(share)}`).join('; '),
    },
    ...samples.map((sample, place) =>
      element(
        'g',
        {
          transform: `translate(${(place % columns) * columnWidth} ${Math.floor(place / columns) * rowHeight})`,
        },
        ...sampleMarks(sample),
      ),
    ),
  );
}

function sampleMarks(sample: TopSample): SvgText[] {
  const { picture } = sample;
  const { share, name, predicted, loss } = sampleWords(sample);
  const x = picture === null ? 0 : pictureSide + 10;
  const named = predicted === null ? name : `${name}, ${predicted}`;
  return [
    ...(picture === null
      ? []
      : [samplePicture(picture, { side: pictureSide, description: pictureDescription(sample) })]),
    element('text', { x, y: 15, 'font-weight': 600, fill: colours.text }, text(share)),
    label(named, { x, y: 31, fill: colours.text }, columnWidth - x),
    element('text', { x, y: 47, fill: colours.faint }, text(loss)),
  ];
}
