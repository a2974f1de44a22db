import { t } from '@vscode/l10n';
import { numbersTable, numbersWord, type Choice, type Content, type Numbers } from '../src/charts/content';
import { unknown } from './card';
import { chartBox } from './chartBox';
import { element, svgElement, withSubscripts, type Child } from './dom';
import { findExplained } from './tooltip';
import type { View } from './view';

/** What a choice between layers is read from, and told to. */
export type Chooser = Pick<View, 'settings' | 'change'>;

/** What a section holds as nodes of the panel; the section's id prefixes those of its charts and controls. */
export function nodesOf(content: Content, id: string, view: Chooser): Child[] {
  if (typeof content === 'string') return withSubscripts(content);
  switch (content.kind) {
    case 'tag': {
      const children = content.children.flatMap((child) => nodesOf(child, id, view));
      const { name, attributes } = content;
      // What opens a page is a button here, and text where there is none.
      const built =
        attributes['class'] === 'opens'
          ? element('button', { ...attributes, type: 'button' }, ...children)
          : element(name, attributes, ...children);
      if (content.term === undefined) return [built];
      built.tabIndex = 0;
      return [findExplained(built, content.term)];
    }
    case 'drawing':
      return [svgElement(content.svg)];
    case 'chart':
      return [
        chartBox(content.height, (width) => content.draw({ id: `${id}-chart`, width }), content.widest),
      ];
    case 'place':
      return [unknown(content.height)];
    case 'choice':
      return chosenLayer(content, id, view);
    case 'numbers':
      return [foldedTable(content, id, view)];
  }
}

/** A table that is made when it is opened first. */
function foldedTable(content: Numbers, id: string, view: Chooser): HTMLElement {
  const folded = element('details', {}, element('summary', { id: content.id }, numbersWord));
  folded.addEventListener('toggle', () => {
    if (!folded.open || folded.childElementCount > 1) return;
    folded.append(...nodesOf(numbersTable(content), id, view).filter((each) => each !== null));
  });
  return folded;
}

/** One layer, and what chooses it where there is a choice. */
function chosenLayer({ layers }: Choice, id: string, view: Chooser): Child[] {
  const chosen = layers.find(({ index }) => index === view.settings.layer) ?? layers[0];
  if (chosen === undefined) return [];
  const shown = chosen.content.flatMap((each, at) => nodesOf(each, `${id}-${at}`, view));
  if (layers.length < 2) return shown;
  const optionOf = ({ name, index }: (typeof layers)[number]): HTMLElement =>
    element('vscode-option', { value: index, selected: index === chosen.index }, name);
  const shownOption = optionOf(chosen);
  const dropdown = element('vscode-dropdown', { id: `${id}-layer`, 'aria-label': t('Layer') }, shownOption);
  // Hundreds of options are made when somebody is about to choose.
  const offerAll = (): void => {
    const place = layers.indexOf(chosen);
    shownOption.before(...layers.slice(0, place).map(optionOf));
    shownOption.after(...layers.slice(place + 1).map(optionOf));
  };
  dropdown.addEventListener('focusin', offerAll, { once: true });
  dropdown.addEventListener('change', () => {
    const value = 'value' in dropdown ? Number(dropdown.value) : NaN;
    if (layers.some(({ index }) => index === value)) view.change({ layer: value });
  });
  return [dropdown, ...shown];
}
