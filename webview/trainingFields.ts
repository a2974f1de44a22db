import { t } from '@vscode/l10n';
import type { Training } from '../src/report/report';
import { completeTraining, optimisers } from '../src/report/request';
import { element } from './dom';
import type { View } from './view';

const names: Readonly<Record<Training['optimiser'], string>> = {
  sgd: t('Gradient descent'),
  momentum: t('Momentum'),
  nesterov: t('Nesterov’s momentum'),
  adam: t('Adam'),
};

/** How the model is trained, as the reader says it here, or else the file. */
export function trainingOf({ settings, known }: Pick<View, 'known' | 'settings'>): Training | undefined {
  return settings.training ?? known.training;
}

/** Fields that say how models are trained: nothing is computed again, the edge is that of another optimiser. */
export function trainingFields(
  { known, open }: { readonly known: Training | undefined; readonly open: boolean },
  change: (training: Training) => void,
): HTMLElement {
  const training = known ?? completeTraining({});
  const say = (said: Partial<Training>): void => {
    change(completeTraining({ ...training, ...said }));
  };
  const optimiser = element(
    'select',
    { id: 'training-optimiser' },
    ...optimisers.map((each) =>
      element('option', { value: each, selected: each === training.optimiser }, names[each]),
    ),
  );
  optimiser.addEventListener('change', () => {
    const chosen = optimisers[optimiser.selectedIndex] ?? 'sgd';
    // The other's momentum is no guess at this one's.
    change(completeTraining({ ...training, optimiser: chosen, momentum: null }));
  });
  const field = (
    id: string,
    caption: string,
    value: number | null,
    read: (value: number | null) => void,
  ): HTMLElement => {
    const input = element('input', { id, type: 'number', min: 0, step: 'any', value: value ?? undefined });
    input.addEventListener('change', () => {
      const typed = input.valueAsNumber;
      read(typed > 0 && Number.isFinite(typed) ? typed : null);
    });
    return element('label', {}, `${caption} `, input);
  };
  return element(
    'details',
    { class: 'training', open },
    element('summary', { id: 'training' }, t('How it is trained')),
    element('label', {}, t('Optimiser '), optimiser),
    field('training-rate', t('Learning rate'), training.learningRate, (learningRate) =>
      say({ learningRate }),
    ),
    ...(training.optimiser === 'sgd'
      ? []
      : [
          field('training-momentum', t('Momentum'), training.momentum, (momentum) =>
            say({ momentum: momentum !== null && momentum < 1 ? momentum : training.momentum }),
          ),
        ]),
    field('training-batch', t('Batch size'), training.batchSize, (batchSize) =>
      say({ batchSize: batchSize === null ? null : Math.round(batchSize) }),
    ),
  );
}
