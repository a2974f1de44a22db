import { expect, it } from 'vitest';
import { collectTexts } from '../../scripts/translations.mjs';
import { show } from './panelPage.mjs';
import { done, panel, phases } from './panelTest';

/** Every text in marks of its own, as if it were another language. */
const marked = Object.fromEntries(Object.keys(collectTexts()).map((text) => [text, `⟦${text}⟧`]));

/** Words that stand outside the marks and come from no report: not translated. */
function untranslated(shown: string, state: unknown): string[] {
  let rest = shown;
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replace(/⟦[^⟦⟧]*⟧/g, ' ');
  }
  const known = valuesOf(state).join(' ');
  return (rest.match(/\p{L}[\p{L}’-]{3,}/gu) ?? []).filter((word) => !known.includes(word));
}

/** Every string that a state holds. */
function valuesOf(state: unknown): string[] {
  if (typeof state === 'string') return [state];
  return typeof state === 'object' && state !== null ? Object.values(state).flatMap(valuesOf) : [];
}

it.each([
  ['overview', phases.overview],
  ['choosing samples', phases['choosing-samples']],
  ['choosing sizes', phases['choosing-sizes']],
  ['running', phases.running],
  ['running again', phases.again],
  ['failed', phases.failed],
  ['cancelled', phases.cancelled],
  ['stale', phases.stale],
  ['done', done],
  ['done, estimated', phases['done-estimate']],
] as const)('every text of the panel is translated: %s', async (_, state) => {
  const page = await panel(null, { translations: marked });
  await show(page, state);
  const shown = await page.evaluate(`(() => {
    const said = [...document.querySelectorAll('#panel :not([aria-hidden])')].flatMap((each) =>
      ['aria-label', 'title', 'placeholder'].map((name) => each.getAttribute(name) ?? ''));
    const texts = document.createTreeWalker(document.getElementById('panel'), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) said.push(texts.currentNode.data);
    return said.join('\\n');
  })()`);
  expect(untranslated(shown as string, state)).toEqual([]);
});
