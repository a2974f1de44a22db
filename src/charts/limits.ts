import { t } from '@vscode/l10n';

/** What the numbers do not say (Dinh et al. 2017). */
export const limitsSentence = t(
  'The numbers describe these samples, this loss and this mode, and the second-order picture is that of a critical point. Sharpness is not invariant to reparametrisation: rescaling two ReLU layers against each other changes λ_max and not the function.',
);
