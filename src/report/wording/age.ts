import { t } from '@vscode/l10n';
import { formatCount } from './number';

const units = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** "3 days ago", "just now": how long something is past, in its largest unit. */
export function ageText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const [name, size] = units.find((unit) => seconds >= unit[1]) ?? ['', 0];
  if (size === 0) return t('just now');
  const count = Math.floor(seconds / size);
  return t`${formatCount(count)} ${name}${count === 1 ? '' : 's'} ago`;
}
