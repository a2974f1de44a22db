import type { GraphNode } from './graph';

/**
 * What tells one operator from another: ONNX's own by their name alone, others with their domain in front,
 * "com.microsoft::Attention". The same name in two domains is two operators.
 */
export function operatorName({ domain, operator }: Pick<GraphNode, 'domain' | 'operator'>): string {
  return domain === '' ? operator : `${domain}::${operator}`;
}
