import type { Comparison } from '../comparison/schema';
import { comparisonText } from '../comparison/text';
import { html, words } from './html';

/** x */
export function comparisonPage(comparison: Comparison): string {
  return html('pre', {}, words(comparisonText(comparison)));
}
