import { methodText } from '../src/charts/circumstances';
import type { ComputationChoice } from '../src/report/panelMessages';
import { methods } from '../src/report/request';
import { button, element } from './dom';
import { findExplained } from './tooltip';
import type { View } from './view';

type Asked = ComputationChoice['method'];

const names: Readonly<Record<Asked, string>> = {
  auto: 'Automatic',
  'closed-form': 'Closed form',
  exact: 'Exact',
  estimate: 'Estimate',
};

/** The chip of the method, which opens what can be chosen of the computation. */
export function computationMenu(view: View): HTMLElement {
  const { settings, computation, change } = view;
  const open = settings.choosing !== null;
  const chip = element(
    'button',
    { class: `chip ${look(view)}`, type: 'button', id: 'method-chip', 'aria-expanded': String(open) },
    text(view),
  );
  chip.addEventListener('click', () => change({ choosing: open ? null : computation }));
  if (settings.choosing === null) return element('div', { class: 'menu' }, findExplained(chip, 'method'));
  // Open, it has no explanation, which would lie over what can be chosen.
  const menu = element('div', { class: 'menu' }, chip);
  menu.append(choices(view, settings.choosing));
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    change({ choosing: null });
    document.getElementById('method-chip')?.focus();
  });
  return menu;
}

function text({ known, computation }: View): string {
  const { method } = known;
  return method === undefined ? `method: ${names[computation.method]}` : methodText({ ...known, method });
}

function look({ known: { method } }: View): string {
  if (method === undefined) return '';
  return method === 'estimate' ? 'estimate' : 'exact';
}

/** A choice draws nothing again, so that the controls keep the focus and what they show. */
function choices({ post, change }: View, from: ComputationChoice): HTMLElement {
  let chosen = from;
  const choose = (changed: Partial<ComputationChoice>): void => {
    chosen = { ...chosen, ...changed };
    change({ choosing: chosen });
  };
  const method = element(
    'select',
    { id: 'computation-method' },
    ...methods.map((each) => element('option', { value: each, selected: each === from.method }, names[each])),
  );
  method.addEventListener('change', () => choose({ method: methods[method.selectedIndex] ?? from.method }));
  return element(
    'div',
    { class: 'menu-items', role: 'group', 'aria-label': 'How it is computed' },
    element('label', {}, 'Method ', method),
    checkbox('computation-blocks', 'Blocks of layers, where estimated', from.blocks, (blocks) =>
      choose({ blocks }),
    ),
    checkbox('computation-scale-adapted', 'Scale-adapted sharpness', from.scaleAdapted, (scaleAdapted) =>
      choose({ scaleAdapted }),
    ),
    checkbox('computation-plane', 'Loss over a plane of two directions', from.plane, (plane) =>
      choose({ plane }),
    ),
    checkbox(
      'computation-evaluation',
      'Evaluation mode of a training export',
      from.evaluation,
      (evaluation) => choose({ evaluation }),
    ),
    button(
      'Compute',
      'compute',
      () => {
        post({ type: 'compute', ...chosen });
        change({ choosing: null });
      },
      { primary: true },
    ),
  );
}

function checkbox(
  id: string,
  caption: string,
  checked: boolean,
  choose: (checked: boolean) => void,
): HTMLElement {
  const box = element('input', { id, type: 'checkbox', checked });
  box.addEventListener('change', () => choose(box.checked));
  return element('label', { class: 'check' }, box, caption);
}
