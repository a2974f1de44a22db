import { t } from '@vscode/l10n';
import { groups, optionRows, type SettingName } from '../options';

const mark = /the setting “([a-z-]+)(?:: ([^”]*))?”/g;

/**
 * A setting in a sentence, by the option of the terminal. Sentences below the faces name what they advise to change so; each
 * face puts its own words there. As it stands in a report or failure: "the setting “loss: mean-squared-error”".
 */
export function setting(name: SettingName, value?: string): string {
  return t`the setting “${name}${value === undefined ? '' : `: ${value}`}”`;
}

/** The sentence with its settings as options of the command line: "--loss mean-squared-error". */
export function inTerminalWords(sentence: string): string {
  return inWords(sentence, ({ name }, value) => `--${name}${value === undefined ? '' : ` ${value}`}`);
}

/** The sentence with its settings as the places where the panel has them: “Label smoothing” (behind the chip “Loss”). */
export function inPanelWords(sentence: string): string {
  return inWords(sentence, ({ panel }, value) => {
    const place =
      typeof panel === 'object'
        ? t`“${panel.label}” (behind the chip “${groups[panel.group]}”)`
        : (panel ?? t('the command line'));
    return `${place}${value === undefined ? '' : ` (${value})`}`;
  });
}

function inWords(
  sentence: string,
  words: (row: (typeof optionRows)[number], value: string | undefined) => string,
): string {
  return sentence.replace(mark, (found, name: string, value: string | undefined) => {
    const row = optionRows.find((each) => each.name === name);
    return row === undefined ? found : words(row, value);
  });
}
