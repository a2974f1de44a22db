import { t } from '@vscode/l10n';
import { fields, nothingSaid, readValue, showValue, type Field, type Said } from '../src/report/form';
import { groups, type Group } from '../src/report/options';
import { choicesOf, wantedText } from '../src/report/optionValue';
import { button, dropdown, element } from './dom';
import { tensorTicks } from './tensorTicks';
import type { View } from './view';

/** What was changed in an open menu, as it was typed. */
export type Typed = Readonly<Partial<Record<keyof Said, string>>>;

/** The chip, with the menu of its group below it while that is open. */
export function chipMenu(chip: HTMLElement, group: Group, view: View): HTMLElement {
  const { settings, change } = view;
  const open = settings.menu?.chip === chip.id;
  chip.setAttribute('aria-expanded', String(open));
  chip.addEventListener('click', () => {
    change({ menu: open ? null : { chip: chip.id, typed: {} } });
    if (!open && view.form.known === null && (group === 'parameters' || group === 'loss'))
      view.post({ type: 'look' });
  });
  const menu = element('div', { class: 'menu' }, chip);
  if (settings.menu === null || !open) return menu;
  menu.append(form(group, settings.menu.typed, view));
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    change({ menu: null });
    document.getElementById(chip.id)?.focus();
  });
  return menu;
}

/** A change draws nothing again, so that the controls keep the focus and what they show. */
function form(group: Group, before: Typed, view: View): HTMLElement {
  const { post, change, settings } = view;
  const chip = settings.menu?.chip ?? '';
  const fault = element('p', { id: 'menu-fault', role: 'alert', class: 'fault' });
  let typed = before;
  const type = (key: keyof Said, text: string): void => {
    typed = { ...typed, [key]: text };
    change({ menu: { chip, typed } });
  };
  const shown = fields.filter((field) => field.group === group);
  const controls = shown.map((field) => {
    const text = typed[field.key] ?? showValue(field, view.form.said);
    return { field, control: controlOf(field, text, view, type) };
  });
  const say = (): void => {
    const said: Partial<Record<keyof Said, unknown>> = {};
    for (const { field, control } of controls) {
      const text = typed[field.key];
      const value = text === undefined ? view.form.said[field.key] : readValue(field, text);
      if (value === undefined) {
        fault.textContent = t`“${field.label}” takes ${wantedText(field.value)}; nothing is computed before that.`;
        control.querySelector<HTMLElement>(`#${idOf(field)}`)?.focus();
        return;
      }
      if (JSON.stringify(value) !== JSON.stringify(view.form.said[field.key])) said[field.key] = value;
    }
    post({ type: 'say', said: said as Partial<Said> });
    change({ menu: null });
  };
  return element(
    'div',
    { class: 'menu-items', role: 'group', 'aria-label': groups[group] },
    ...(group === 'samples'
      ? [button(t('Change samples…'), 'menu-samples', () => post({ type: 'change-samples' }))]
      : []),
    ...controls.map(({ control }) => control),
    ...(group === 'parameters'
      ? [
          tensorTicks(
            view,
            controls.map(({ control }) => control),
            type,
          ),
        ]
      : []),
    fault,
    button(t('Compute'), 'compute', say, { primary: true }),
  );
}

/** The id of a field's control. */
export function idOf({ key }: Pick<Field, 'key'>): string {
  return `said-${key}`;
}

function controlOf(
  field: Field,
  text: string,
  view: View,
  type: (key: keyof Said, text: string) => void,
): HTMLElement {
  const { key, label, value: wanted, open } = field;
  const id = idOf(field);
  if (wanted.kind === 'tick') {
    const box = element('vscode-checkbox', { id, checked: text === 'true' }, label) as HTMLInputElement;
    box.addEventListener('change', () => type(key, String(box.checked)));
    return box;
  }
  const values = namesToChoose(field, view);
  if (values !== null) {
    return dropdown(id, label, values, text, (value) => type(key, value));
  }
  const box = element('input', { id, type: 'text', value: text, placeholder: open });
  box.addEventListener('input', () => type(key, box.value));
  return element('label', { class: 'field' }, element('span', {}, label), box);
}

/** Names that are known are chosen and not typed. */
function namesToChoose(
  { key, value, open = '' }: Field,
  { form: { known, said } }: View,
): readonly (readonly [string, string])[] | null {
  if (value.kind === 'choice') return choicesOf(value);
  if (key !== 'output' || known === null) return null;
  const inside = said.output !== nothingSaid.output && !known.outputs.includes(said.output ?? '');
  const names = inside && said.output !== null ? [said.output, ...known.outputs] : known.outputs;
  return [['', t`Automatic: ${open}`], ...names.map((name) => [name, name] as const)];
}
