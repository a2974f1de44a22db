import { t } from '@vscode/l10n';
import { explanations, type Term } from '../src/charts/explanations';
import { element, withSubscripts } from './dom';

const selector = '[data-term]';
const margin = 8;

function isTerm(name: string | undefined): name is Term {
  return name !== undefined && Object.hasOwn(explanations, name);
}

/** Ties an element to the explanation of a term, for eyes (hover and focus) and for screen readers. */
export function findExplained<Target extends HTMLElement>(target: Target, term: Term): Target {
  target.dataset['term'] = term;
  target.setAttribute('aria-describedby', `explanation-${term}`);
  return target;
}

/** The question mark beside a title. */
export function hint(term: Term, about: string): HTMLElement {
  return findExplained(
    element('button', { class: 'hint', type: 'button', 'aria-label': t`About: ${about}` }, '?'),
    term,
  );
}

/**
 * Puts the explanations into the page and shows one beside whatever is pointed at or focused. It can be pointed at
 * itself without vanishing, and Escape puts it away (WCAG 1.4.13).
 */
export function installTooltips(): void {
  const bubble = element('div', { id: 'tooltip', 'aria-hidden': 'true', hidden: true });
  const texts = element(
    'div',
    { hidden: true },
    ...Object.entries(explanations).map(([term, sentence]) =>
      element('span', { id: `explanation-${term}`, role: 'tooltip' }, sentence),
    ),
  );
  document.body.append(texts, bubble);

  let shown: HTMLElement | null = null;
  const hide = (): void => {
    shown = null;
    bubble.hidden = true;
  };
  const show = (target: HTMLElement): void => {
    const term = target.dataset['term'];
    if (!isTerm(term)) return;
    shown = target;
    bubble.replaceChildren(element('span', {}, ...withSubscripts(explanations[term])));
    bubble.hidden = false;
    place(bubble, target.getBoundingClientRect());
  };
  const termOf = ({ target }: Event): HTMLElement | null =>
    target instanceof Element ? target.closest<HTMLElement>(selector) : null;
  let pointed: HTMLElement | null = null;
  // What comes to lie under a mouse that stands still was not pointed at, and what was may be gone.
  document.addEventListener('mouseover', () => {
    if (shown?.isConnected === false) hide();
  });
  document.addEventListener('mousemove', (event) => {
    if (event.target instanceof Node && bubble.contains(event.target)) return;
    const target = termOf(event);
    if (target === pointed) return;
    pointed = target;
    if (target !== null) show(target);
    else if (document.activeElement?.matches(selector) !== true) hide();
  });
  document.addEventListener('focusin', (event) => {
    const target = termOf(event);
    if (target !== null) show(target);
    else hide();
  });
  document.addEventListener('focusout', hide);
  // Focus scrolls its element into view: the explanation goes along.
  const follow = (): void => {
    if (shown !== null) place(bubble, shown.getBoundingClientRect());
  };
  document.addEventListener('scroll', follow, { passive: true, capture: true });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
  });
}

/** Below its target, or above where there is no room; always inside the window. */
function place(bubble: HTMLElement, target: DOMRect): void {
  const { width, height } = bubble.getBoundingClientRect();
  const most = document.documentElement.clientWidth - width - margin;
  const left = Math.max(margin, Math.min(most, target.left + target.width / 2 - width / 2));
  const below = target.bottom + 4;
  const top = below + height > window.innerHeight ? Math.max(margin, target.top - height - 4) : below;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${top}px`;
}
