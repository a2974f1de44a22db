import { t } from '@vscode/l10n';
import { formatCount } from '../src/report/wording/number';
import type { TensorFacts } from '../src/report/request';
import { element } from './dom';
import type { Part } from './view';

/** The first page of a model that nobody has analysed: its tensors by layer, and the way on. */
export const overview: Part = {
  id: 'overview',
  inputs: ({ state }) => (state.phase === 'overview' ? state.inspection : null),
  draw: ({ state }) => {
    if (state.phase !== 'overview') return [];
    const { tensors, outputs } = state.inspection;
    const trained = tensors.filter(({ layer }) => layer !== null);
    const others = tensors.filter(({ layer }) => layer === null);
    return [
      element(
        'section',
        { class: 'card wide', 'aria-label': t('Layers and parameters') },
        element('h2', {}, t('Layers and parameters')),
        table([t('Layer'), t('Kind'), t('Tensor'), t('Shape'), t('Numbers')], trained.map(layerRow)),
        element('p', { class: 'faint' }, t`Puts out ${outputs.join(', ')}.`),
      ),
      others.length === 0
        ? null
        : element(
            'details',
            { class: 'card wide' },
            element(
              'summary',
              { id: 'other-tensors' },
              others.length === 1
                ? t('One tensor is not trained')
                : t`${formatCount(others.length)} tensors are not trained`,
            ),
            table([t('Tensor'), t('Shape'), t('Numbers')], others.map(tensorCells)),
          ),
    ];
  },
};

/** A layer is named in the row of its first tensor. */
function layerRow(tensor: TensorFacts, place: number, all: readonly TensorFacts[]): string[] {
  const isFirst = all[place - 1]?.layer !== tensor.layer;
  return [isFirst ? (tensor.layer ?? '') : '', isFirst ? (tensor.kind ?? '') : '', ...tensorCells(tensor)];
}

function tensorCells({ name, shape }: TensorFacts): string[] {
  const count = shape.reduce((product, size) => product * size, 1);
  return [name, shape.length === 0 ? t('a number') : shape.join(' × '), formatCount(count)];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const cells = (name: 'th' | 'td', texts: readonly string[]): HTMLElement[] =>
    texts.map((text) => element(name, { ...(name === 'th' && { scope: 'col' }) }, text));
  return element(
    'div',
    { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': heads.join(', ') },
    element(
      'table',
      { class: 'tensors' },
      element('thead', {}, element('tr', {}, ...cells('th', heads))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...cells('td', row)))),
    ),
  );
}
