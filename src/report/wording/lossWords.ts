import { t } from '@vscode/l10n';
import type { Loss } from '../report';

/** What people read of a loss, beside its name in options and reports. */
interface LossWords {
  readonly inFull: string;
  /** Whose mean loss is ln 2 or ln C by an even guess, beside which it can be judged. */
  readonly guesses: 'of two' | 'of all classes' | 'nothing';
}

/** The words for every loss; what it computes stands in `loss/losses.ts`. */
export const lossWords: Readonly<Record<Loss, LossWords>> = {
  'cross-entropy': { inFull: t('softmax cross-entropy'), guesses: 'of all classes' },
  'binary-cross-entropy': { inFull: t('binary cross-entropy'), guesses: 'of two' },
  'mean-squared-error': { inFull: t('mean squared error'), guesses: 'nothing' },
  'half-squared-error': { inFull: t('half the mean squared error'), guesses: 'nothing' },
  huber: { inFull: t('Huber loss (δ = 1)'), guesses: 'nothing' },
  output: { inFull: t('loss of each sample, as the model puts it out'), guesses: 'nothing' },
};

const names = Object.keys(lossWords) as Loss[];

/** What can be asked for as the loss. */
export const lossChoices: readonly (Loss | 'auto')[] = ['auto', ...names];

/** "auto, cross-entropy or mean-squared-error". */
export const lossChoicesText = t`${lossChoices.slice(0, -1).join(', ')} or ${lossChoices.at(-1) ?? ''}`;
