import type { ProposedArchitecture } from '../../report/architecture';
import type { Model } from '../model';
import type { Weights } from './weights';

/** A file of weights that is open for reading. */
export interface WeightsFile {
  readonly facts: Pick<Model, 'file' | 'sha256' | 'format' | 'producer'>;
  /** As shown. */
  readonly name: string;
  readonly weights: Weights;
  /** What the file itself tells of its architecture; null: names and shapes alone. */
  readonly told: {
    readonly architecture: ProposedArchitecture;
    /** Whether it is all that the file's model does, and needs nobody's word. */
    readonly isWhole: boolean;
  } | null;
  /** What the file tells of the training of these parameters, named in its order; absent: nothing. */
  readonly trainingOf?: (
    trained: readonly string[],
  ) => Promise<Pick<Model, 'said' | 'preconditioner' | 'notes'>>;
  readonly close: () => Promise<void>;
}
