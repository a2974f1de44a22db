import { element, lambda } from './dom';
import type { Section } from './view';

/** What the numbers do not say (Dinh et al. 2017). */
export const limits: Section = {
  id: 'limits',
  inputs: ({ known }) => known.bounds === undefined,
  draw: ({ known }) =>
    known.bounds === undefined
      ? []
      : [
          element(
            'p',
            { class: 'faint' },
            'The numbers describe these samples, this loss and this mode, and the second-order picture is that of a critical point. Sharpness is not invariant to reparametrisation: rescaling two ReLU layers against each other changes ',
            lambda('max'),
            ' and not the function.',
          ),
        ],
};
