import { t } from '@vscode/l10n';
import { formatCount, formatNumber, formatPercent } from '../report/wording/number';
import type { PartialReport, SampleShare, TopSample } from '../report/report';
import { tag, type Content } from './content';
import { pictureDescription, samplePicture } from './samplePicture';

/** Pixels. */
const pictureSide = 56;

/** Every list of samples of a report, those with pictures first. */
export function sampleLists({
  sharpestSamples,
  topSamples,
  layers = [],
}: PartialReport): readonly (readonly (SampleShare & Partial<TopSample>)[])[] {
  return [sharpestSamples ?? [], topSamples ?? [], ...layers.map((layer) => layer.sharpestSamples ?? [])];
}

/** A list with the pictures that the report has of its samples elsewhere. */
export function withPictures(samples: readonly SampleShare[], known: PartialReport): TopSample[] {
  const pictures = new Map(
    sampleLists(known).flatMap((list) =>
      list.flatMap(({ index, picture }) => (picture ? [[index, picture]] : [])),
    ),
  );
  return samples.map((sample) => ({ ...sample, picture: pictures.get(sample.index) ?? null }));
}

/** What is said of a sample; `predicted` is null where the prediction is right, or none. */
export function sampleWords({ index, label, predicted, loss, share }: TopSample): {
  readonly share: string;
  readonly name: string;
  readonly predicted: string | null;
  readonly loss: string;
} {
  const wrong = label !== null && predicted !== null && label !== predicted;
  return {
    share: formatPercent(share),
    name: `#${formatCount(index)}${label === null ? '' : t`, label ${formatNumber(label)}`}`,
    predicted: wrong ? t`predicted ${formatNumber(predicted)}` : null,
    loss: t`loss ${formatNumber(loss)}`,
  };
}

/** The samples that weigh most, with their pictures where they are such. */
export function sampleList(samples: readonly TopSample[]): Content {
  return tag('ul', { class: 'sample-list' }, ...samples.map(sampleItem));
}

function sampleItem(sample: TopSample): Content {
  const { picture } = sample;
  const { share, name, predicted, loss } = sampleWords(sample);
  const drawn: Content[] =
    picture === null
      ? []
      : [
          {
            kind: 'drawing',
            svg: samplePicture(picture, { side: pictureSide, description: pictureDescription(sample) }),
          },
        ];
  const wrong = predicted === null ? [] : [', ', tag('span', { class: 'wrong' }, predicted)];
  return tag(
    'li',
    { 'data-sample': sample.index },
    ...drawn,
    tag(
      'div',
      {},
      tag('strong', {}, share),
      tag('span', {}, tag('span', { class: 'opens' }, name), ...wrong),
      tag('span', { class: 'faint' }, loss),
    ),
  );
}
