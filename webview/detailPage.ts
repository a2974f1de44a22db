import { t } from '@vscode/l10n';
import { layerCards } from '../src/charts/layerCards';
import { listedSample, sampleCards } from '../src/charts/sampleCards';
import { formatCount } from '../src/report/wording/number';
import { card } from './card';
import { nodesOf } from './content';
import { button, element } from './dom';
import { hasNumbers, type Part, type View } from './view';

/** In the place of what only the files tell, for a report that has none beside it. */
const withoutFiles = t(
  'This is a saved report: weights and samples are not in it. Open the model itself to see them.',
);

/** Whether a page of a layer or sample stands in the place of the report. */
export function showsPage({ state, settings: { page }, known }: View): boolean {
  if (page === null || !hasNumbers(state)) return false;
  return page.kind === 'sample'
    ? listedSample(known, page.index) !== null
    : known.layers?.[page.index] !== undefined;
}

/** The page of one layer or sample. */
export const detailPage: Part = {
  id: 'detail',
  inputs: (view) => {
    const { known, settings, detail, readOnly } = view;
    if (!showsPage(view)) return null;
    const { layers, bounds, blocks, orthogonality, sharpestSamples, topSamples } = known;
    const ofReport = [layers, bounds, blocks, orthogonality, sharpestSamples, topSamples];
    return [settings.page, detail, readOnly, ofReport];
  },
  draw: (view) => {
    const { page } = view.settings;
    if (page === null || !showsPage(view)) return [];
    const answer = view.readOnly ? ({ ok: false, refusal: withoutFiles } as const) : view.detail;
    const { kind, index } = page;
    const isLayer = kind === 'layer';
    const name = isLayer ? (view.known.layers?.[index]?.name ?? '') : `#${formatCount(index)}`;
    const cards = (isLayer ? layerCards : sampleCards)(view.known, index, answer);
    return [
      element(
        'div',
        { class: 'page-head' },
        button(t('Back to the report'), 'back', () => view.change({ page: null })),
        element('h2', { id: 'page-title' }, `${isLayer ? t('Layer') : t('Sample')} ${name}`),
      ),
      ...cards.map(({ id, title, term, content }) =>
        card(title, term, 'wide', ...content.flatMap((each) => nodesOf(each, id, view))),
      ),
    ];
  },
};
