import { t } from '@vscode/l10n';
import type { Said } from '../src/report/form';
import { element } from './dom';
import type { View } from './view';

/** The tensors of the model with a tick each; a tick writes the name into the field of those that are trained or not. */
export function tensorTicks(
  { form, change }: View,
  fields: readonly HTMLElement[],
  type: (key: keyof Said, text: string) => void,
): HTMLElement {
  const { known } = form;
  if (known === null) return element('p', { class: 'faint' }, t('Reading which tensors the model has…'));
  const boxOf = (key: 'trained' | 'fixed'): HTMLInputElement | null =>
    fields
      .map((field) => field.querySelector<HTMLInputElement>(`#said-${key}`))
      .find((each) => each !== null) ?? null;
  const write = (key: 'trained' | 'fixed', name: string, listed: boolean): void => {
    const box = boxOf(key);
    if (box === null) return;
    const others = box.value
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '' && each !== name);
    box.value = [...others, ...(listed ? [name] : [])].join(', ');
    type(key, box.value);
  };
  const rows = known.tensors.map(({ name, shape, layer }) => {
    const box = element('vscode-checkbox', { checked: layer !== null }, name) as HTMLInputElement;
    box.addEventListener('change', () => {
      const trained = box.checked;
      write('trained', name, trained && layer === null);
      write('fixed', name, !trained && layer !== null);
    });
    return element('li', {}, box, element('span', { class: 'faint' }, shape.join(' × ')));
  });
  return element(
    'div',
    { class: 'ticks' },
    element('ul', { 'aria-label': t('Tensors that are trained'), tabindex: 0 }, ...rows),
    asTheFileSays(change, type, boxOf),
  );
}

function asTheFileSays(
  change: View['change'],
  type: (key: keyof Said, text: string) => void,
  boxOf: (key: 'trained' | 'fixed') => HTMLInputElement | null,
): HTMLElement {
  const press = element(
    'button',
    { type: 'button', class: 'link', id: 'as-the-file-says' },
    t('As the file says'),
  );
  press.addEventListener('click', () => {
    for (const key of ['trained', 'fixed'] as const) {
      const box = boxOf(key);
      if (box !== null) box.value = '';
      type(key, '');
    }
    change({});
  });
  return press;
}
