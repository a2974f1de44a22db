import type { GraphNode } from './graph';

/** The domain of the classical learners: scikit-learn's exporter writes them. */
export const classical = 'ai.onnx.ml';

/**
 * What tells one operator from another: ONNX's own by their name alone, others with their domain in front,
 * "com.microsoft::Attention". The same name in two domains is two operators.
 */
export function operatorName({ domain, operator }: Pick<GraphNode, 'domain' | 'operator'>): string {
  return domain === '' ? operator : `${domain}::${operator}`;
}
