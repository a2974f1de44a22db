import { classical, microsoft } from '../operatorName';
import { activationLowerings } from './activations';
import { attentionLowerings } from './attention';
import { classicalLowerings } from './classicalLearners';
import { contributedLowerings } from './contributed';
import { convolutionLowerings } from './convolution';
import { elementwiseLowerings } from './elementwise';
import { indexingLowerings } from './indexing';
import { normalisationLowerings } from './normalisation';
import { paddingLowerings } from './padding';
import { productLowerings } from './products';
import { recurrentLowerings } from './recurrent';
import { reductionLowerings } from './reduction';
import { resizingLowerings } from './resizing';
import { scatteringLowerings } from './scattering';
import { shapeLowerings } from './shape';
import type { Lowering, LoweringTable } from './loweredNode';

const ownLowerings: LoweringTable = {
  ...elementwiseLowerings,
  ...activationLowerings,
  ...shapeLowerings,
  ...paddingLowerings,
  ...resizingLowerings,
  ...productLowerings,
  ...convolutionLowerings,
  ...reductionLowerings,
  ...normalisationLowerings,
  ...indexingLowerings,
  ...scatteringLowerings,
  ...attentionLowerings,
  ...recurrentLowerings,
};

/**
 * How every operator is lowered, by its domain and its name: another domain's Gelu is another operator.
 * docs/operators.md lists them.
 */
export const lowerings: ReadonlyMap<string, ReadonlyMap<string, Lowering>> = new Map([
  ['', new Map(Object.entries(ownLowerings))],
  [microsoft, new Map(Object.entries(contributedLowerings))],
  [classical, new Map(Object.entries(classicalLowerings))],
]);
