import { t } from '@vscode/l10n';
import type { DetailAnswer, InputDetail, SampleDetail } from '../report/detail';
import type { PartialReport, TopSample } from '../report/report';
import { formatCount, formatNumber, formatPercent } from '../report/wording/number';
import { numbers } from './chartNumbers';
import { sentence, table, type Content } from './content';
import { layerShares, missingContent, type DetailCard } from './layerCards';
import { pictureDescription, samplePicture } from './samplePicture';
import { sampleLists } from './topSamples';

/** Pixels. */
const pictureSide = 224;

/** A sample of a report's lists, with its shares. */
interface ListedSample {
  readonly sample: TopSample;
  /** Of λ_max, and of ‖H‖²; null: it is not among those that are listed. */
  readonly ofSharpest: number | null;
  readonly ofNorm: number | null;
}

/** The sample where a report lists it, or null. */
export function listedSample(known: PartialReport, index: number): ListedSample | null {
  const [sharpest, top, ...ofLayers] = sampleLists(known).map((list) =>
    list.find((each) => each.index === index),
  );
  const sample = [sharpest, top, ...ofLayers].find((each) => each !== undefined);
  return sample === undefined
    ? null
    : {
        sample: { ...sample, picture: sample.picture ?? null },
        ofSharpest: sharpest?.share ?? null,
        ofNorm: top?.share ?? null,
      };
}

/**
 * Everything about one sample, in the order in which it is read.
 * @param answer what the report does not hold; null: it has not come yet
 */
export function sampleCards(known: PartialReport, index: number, answer: DetailAnswer | null): DetailCard[] {
  const listed = listedSample(known, index);
  if (listed === null) return [];
  const detail = answer?.ok === true && answer.detail.kind === 'sample' ? answer.detail : null;
  const missing = missingContent(answer, 200);
  return [
    { id: 'sample-facts', title: t('In the report'), term: null, content: factsOf(listed) },
    ...(missing === null
      ? []
      : [{ id: 'sample-missing', title: t('Its numbers'), term: null, content: missing }]),
    ...(detail === null ? [] : cardsOf(known, listed.sample, detail)),
  ];
}

function factsOf({ sample, ofSharpest, ofNorm }: ListedSample): Content[] {
  const { label, predicted, loss, picture } = sample;
  const rows = [
    ['label', label],
    [t('predicted'), predicted],
    ['loss', loss],
  ].flatMap(([name, value]) => (typeof value === 'number' ? [[String(name), formatNumber(value)]] : []));
  const shares = [
    [t('share of λ_max'), ofSharpest],
    [t('share of ‖H‖²'), ofNorm],
  ].flatMap(([name, value]) => (typeof value === 'number' ? [[String(name), formatPercent(value)]] : []));
  const drawn: Content[] =
    picture === null
      ? []
      : [
          {
            kind: 'drawing',
            svg: samplePicture(picture, { side: 112, description: pictureDescription(sample) }),
          },
        ];
  return [
    ...drawn,
    table(
      { class: 'bins' },
      [t('what'), t('value')],
      [...rows, ...shares],
      t('What the report says of the sample'),
    ),
  ];
}

function cardsOf(
  { layers = [] }: PartialReport,
  sample: TopSample,
  { inputs, outputs, outputCount, target, gradient }: SampleDetail,
): DetailCard[] {
  const names = layers.map(({ name }) => name);
  const shares = (gradient?.shares ?? []).map(({ layer, share }) => ({
    layer: names.indexOf(layer),
    name: layer,
    share,
  }));
  const told = outputs.map(({ index, value, probability }) => [
    String(index),
    formatNumber(value),
    ...(probability === null ? [] : [formatPercent(probability)]),
  ]);
  const withProbability = outputs.some(({ probability }) => probability !== null);
  const targetWords = t`Its target: ${target.slice(0, 10).map(formatNumber).join(', ')}${target.length > 10 ? ', …' : ''}.`;
  const cards: (DetailCard | null)[] = [
    ...inputs.map((input, at) => ({
      id: `sample-input-${at}`,
      title: inputs.length === 1 ? t('Its input') : t`Its input ${input.name}`,
      term: 'sampleInput' as const,
      content: inputContent(input, sample, at),
    })),
    outputs.length === 0
      ? null
      : {
          id: 'sample-outputs',
          title: t('What the model says of it'),
          term: 'sampleOutputs',
          content: [
            ...(outputs.length < outputCount
              ? [sentence(t`The ${outputs.length} largest of ${formatCount(outputCount)} outputs.`)]
              : []),
            table(
              { class: 'bins' },
              [t('output'), t('value'), ...(withProbability ? [t('probability')] : [])],
              told,
              t('The outputs for the sample'),
            ),
            ...(target.length === 0 ? [] : [sentence(targetWords)]),
          ],
        },
    gradient === null
      ? null
      : {
          id: 'sample-gradient',
          title: t('Which layer it pulls at'),
          term: 'sampleGradient',
          content: [
            sentence(t`The gradient of its own loss has the norm ${formatNumber(gradient.norm)}.`),
            layerShares(shares, t('share of ‖∇ℓ‖²'), t('Its gradient by layers')),
          ],
        },
  ];
  return cards.filter((each) => each !== null);
}

function inputContent(input: InputDetail, sample: TopSample, at: number): Content[] {
  const { name, dims, picture, every, mean, least, greatest, values } = input;
  const count = dims.reduce((product, size) => product * size, 1);
  const shape = dims.length === 0 ? t('one number') : t`${dims.join(' × ')} numbers`;
  const drawn = every === 1 ? '' : t` Of the picture every ${every}th pixel is drawn.`;
  const head = [t('place'), t('value')];
  const rows = values.map((value, place) => [String(place), formatNumber(value)]);
  const caption =
    values.length < count ? t`The first ${formatCount(values.length)} numbers` : t('All numbers');
  return [
    sentence(
      t`${name}: ${shape} from ${formatNumber(least)} to ${formatNumber(greatest)}, mean ${formatNumber(mean)}.${drawn}`,
    ),
    ...(picture === null
      ? []
      : [
          {
            kind: 'drawing',
            svg: samplePicture(picture, { side: pictureSide, description: pictureDescription(sample) }),
          } as const,
        ]),
    numbers(`sample-input-${at}`, caption, head, () => rows),
  ];
}
