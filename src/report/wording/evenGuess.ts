import { t } from '@vscode/l10n';
import type { PartialReport } from '../report';
import { lossWords } from './lossWords';
import { formatNumber } from './number';

/** What an even guess loses, beside which a mean loss can be judged: "ln 10 = 2.303"; null where nothing is guessed. */
export function evenGuess({
  loss,
  samples,
}: Pick<PartialReport, 'loss' | 'samples'>): { readonly loss: number; readonly text: string } | null {
  if (loss === undefined || samples === undefined) return null;
  const { guesses } = lossWords[loss];
  const classes = guesses === 'of two' ? 2 : samples.classes;
  if (guesses === 'nothing' || classes < 2) return null;
  const weighted = samples.evenGuessLoss;
  if (weighted !== undefined)
    return { loss: weighted, text: t`${formatNumber(weighted)} with these options of the loss` };
  return { loss: Math.log(classes), text: t`ln ${classes} = ${formatNumber(Math.log(classes))}` };
}
