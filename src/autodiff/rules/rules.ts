import type { StaticGraph } from '../../graph/static/staticGraph';
import type { OperationKind, Value } from '../../graph/static/value';
import { binaryRule, powerRule, selectRule, unaryRule } from './elementwise';
import { gatherElementsRule, gatherRule, scatterAddRule, scatterElementsRule } from './indexing';
import { cumulativeSumRule, im2colRule, matmulRule, reduceSumRule } from './linear';
import type { Rule } from './rule';
import { constantAlmostEverywhere } from './rule';
import { concatRule, expandRule, padRule, reshapeRule, sliceRule, transposeRule } from './shape';
import { softmaxRule } from './softmax';

/** One rule for every primitive: a primitive without one does not compile. */
export type Rules = { readonly [K in OperationKind]: Rule<K> };

export const rules: Rules = {
  input: constantAlmostEverywhere,
  constant: constantAlmostEverywhere,
  unary: unaryRule,
  power: powerRule,
  binary: binaryRule,
  compare: constantAlmostEverywhere,
  logical: constantAlmostEverywhere,
  convert: constantAlmostEverywhere,
  select: selectRule,
  matmul: matmulRule,
  reduceSum: reduceSumRule,
  reduceMax: constantAlmostEverywhere,
  argMax: constantAlmostEverywhere,
  reshape: reshapeRule,
  transpose: transposeRule,
  expand: expandRule,
  concat: concatRule,
  slice: sliceRule,
  pad: padRule,
  gather: gatherRule,
  scatterAdd: scatterAddRule,
  gatherElements: gatherElementsRule,
  scatterElements: scatterElementsRule,
  softmax: softmaxRule,
  im2col: im2colRule,
  maxPoolIndices: constantAlmostEverywhere,
  topPositions: constantAlmostEverywhere,
  cumulativeSum: cumulativeSumRule,
};

function ruleOf<K extends OperationKind>(table: Rules, kind: K): Rule<K> {
  return table[kind];
}

export function jvpOf(
  table: Rules,
  g: StaticGraph,
  value: Value,
  tangents: readonly (Value | null)[],
): Value | null {
  const { operation } = value;
  return g.under(value.origin, () =>
    ruleOf(table, operation.kind).jvp(g, value, operation as never, tangents),
  );
}

export function vjpOf(
  table: Rules,
  g: StaticGraph,
  value: Value,
  cotangent: Value,
  wanted: readonly boolean[],
): readonly (Value | null)[] {
  const { operation } = value;
  return g.under(value.origin, () =>
    ruleOf(table, operation.kind).vjp(g, value, operation as never, cotangent, wanted),
  );
}
