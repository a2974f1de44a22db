import { t } from '@vscode/l10n';
import {
  describeShape,
  fitsShape,
  parseShape,
  type OpenInput,
  type ShapeChanges,
} from '../src/report/inputShapes';
import { element } from './dom';

/** Fields for the shapes of inputs of which the model leaves sizes open. */
export interface ShapeFields {
  /** null: there are none. */
  readonly node: HTMLElement | null;
  /**
   * What was typed, where it is another than before; null, with a sentence under the fields, where it is no shape.
   * @param needed whether sizes that nothing else tells must be there
   */
  readonly read: (needed: boolean) => ShapeChanges | null;
}

/** The fields, which show what the model's sidecar says. */
export function shapeFields(inputs: readonly OpenInput[]): ShapeFields {
  if (inputs.length === 0) return { node: null, read: () => ({}) };
  const fault = element('p', { id: 'shape-fault', role: 'alert' });
  const rows = inputs.map((input, place) => {
    const { name, dims, shape } = input;
    const field = element('input', {
      id: `shape-${place}`,
      type: 'text',
      value: shape?.join('x'),
      placeholder: dims === null ? undefined : describeShape(dims),
      spellcheck: 'false',
      'aria-describedby': fault.id,
    });
    return { input, field, label: element('label', {}, t`Shape of ${name} `, field) };
  });
  const read = (needed: boolean): ShapeChanges | null => {
    fault.textContent = '';
    const changes: Record<string, readonly number[] | null> = {};
    for (const { input, field } of rows) {
      const text = field.value.trim();
      const shape = parseShape(text);
      const fits =
        shape === null ? text === '' && !(needed && !input.optional) : fitsShape(input.dims, shape);
      field.setAttribute('aria-invalid', String(!fits));
      if (!fits) {
        fault.textContent = faultOf(input, text);
        field.focus();
        return null;
      }
      if (shape?.join('x') !== input.shape?.join('x')) changes[input.name] = shape;
    }
    return changes;
  };
  const node = element(
    'div',
    { class: 'shapes' },
    element(
      'p',
      { class: 'sentence' },
      t(
        'The model leaves sizes open. Random inputs need them: the samples first, as in 1x3x224x224. Files have their own.',
      ),
    ),
    ...rows.map(({ label }) => label),
    fault,
  );
  return { node, read };
}

function faultOf({ name, dims }: OpenInput, text: string): string {
  const found =
    text === '' ? t('is open, but random inputs need it') : t`is "${text}", which the model does not take`;
  const wanted =
    dims === null
      ? t('write sizes from 1 with x between, the samples first')
      : t`write ${describeShape(dims)} with a size from 1 for every ?, the samples first`;
  return t`The shape of ${name} ${found}; ${wanted}.`;
}
