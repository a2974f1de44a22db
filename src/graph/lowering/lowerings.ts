import type { GraphNode } from '../graph';
import { operatorName } from '../operatorName';
import type { LoweredOperator } from '../operators';
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
import type { Lowering } from './loweredNode';

/**
 * How every operator is lowered, by what operatorName calls it: another domain's Gelu is another operator.
 * docs/operators.md lists them.
 */
export const lowerings: Readonly<Record<LoweredOperator, Lowering>> = {
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
  ...contributedLowerings,
  ...classicalLowerings,
};

const byName: ReadonlyMap<string, Lowering> = new Map(Object.entries(lowerings));

/** How a node is lowered; undefined where its operator has no lowering. */
export function loweringOf(node: GraphNode): Lowering | undefined {
  return byName.get(operatorName(node));
}
