import { quote } from '../../files/quote';
import type { Loss } from '../../report/report';
import { completeTraining } from '../../report/request';
import { setting } from '../../report/wording/settings';
import type { TrainingSaid } from '../model';
import { Config, isRecord } from './config';

/** Keras's losses that can be put on the outputs here, by the names of the function and of the class without underscores. */
const known: Readonly<Partial<Record<string, Loss>>> = {
  categoricalcrossentropy: 'cross-entropy',
  sparsecategoricalcrossentropy: 'cross-entropy',
  binarycrossentropy: 'binary-cross-entropy',
  meansquarederror: 'mean-squared-error',
  mse: 'mean-squared-error',
  huber: 'huber',
  huberloss: 'huber',
};

/** Means over all numbers, as here. */
const usualReductions: ReadonlySet<unknown> = new Set([undefined, 'auto', 'sum_over_batch_size', 'mean']);

/** Learning rates of optimisers that are only named. */
const usualRates: Readonly<Partial<Record<string, number>>> = { sgd: 0.01, adam: 0.001 };

/** With sentences of what could not be taken over. */
type Noted = TrainingSaid & { readonly notes: readonly string[] };

/** What a model was compiled with, as far as it can be expressed here; and sentences of the rest. */
export function trainingSaid(
  compiled: unknown,
  head: 'softmax' | 'sigmoid' | 'none',
  penalties: readonly string[],
): Noted {
  if (!isRecord(compiled)) return { notes: penalties };
  const { loss, notes, ...rest } = lossSaid(compiled['loss'], head);
  const training = trainingOf(compiled['optimizer'] ?? compiled['optimizer_config']);
  return {
    ...(loss === undefined ? {} : { loss, ...rest }),
    ...(training === null ? {} : { training }),
    notes: [...notes, ...penalties],
  };
}

function lossSaid(said: unknown, head: 'softmax' | 'sigmoid' | 'none'): Noted {
  if (said === undefined || said === null) return { notes: [] };
  // One for every output: of a single output it is the loss.
  const several = Array.isArray(said)
    ? (said as unknown[])
    : isRecord(said) && !('class_name' in said)
      ? Object.values(said)
      : [said];
  const [only] = several;
  const text = JSON.stringify(said);
  if (several.length !== 1) return { notes: [notTaken(text, 'has a part for every output')] };
  const isClass = isRecord(only) && only['class_name'] !== 'function';
  const name = isRecord(only) ? (isClass ? only['class_name'] : only['config']) : only;
  const config = new Config(isClass ? only['config'] : {}, 'The loss in the file');
  const loss = typeof name === 'string' ? known[name.replaceAll('_', '').toLowerCase()] : undefined;
  if (loss === undefined)
    return { notes: [notTaken(typeof name === 'string' ? name : text, 'is not known here')] };
  if (!usualReductions.has(config.value('reduction')))
    return { notes: [notTaken(String(name), `is reduced by ${quote(String(config.value('reduction')))}`)] };
  if (loss === 'huber' && config.number('delta', 1) !== 1)
    return { notes: [notTaken(String(name), 'has a delta other than 1')] };
  const notes = headNotes(loss, config.flag('from_logits', false), head);
  const smoothing = config.number('label_smoothing', 0);
  if (smoothing !== 0 && loss !== 'cross-entropy')
    return {
      loss,
      notes: [...notes, `The file's loss has a label smoothing of ${smoothing}, which is left out here.`],
    };
  return { loss, ...(smoothing === 0 ? {} : { labelSmoothing: smoothing }), notes };
}

/** Whether the loss takes the outputs for what they are; here it is put before a softmax or sigmoid in any case. */
function headNotes(loss: Loss, fromLogits: boolean, head: string): readonly string[] {
  const takesProbabilities = loss === 'cross-entropy' || loss === 'binary-cross-entropy';
  if (!takesProbabilities) return [];
  if (fromLogits && head !== 'none')
    return [
      `The file's loss was made with from_logits=True, though the model ends in ${head}: Keras took the ${head} twice in training, here it is taken once.`,
    ];
  if (!fromLogits && head === 'none')
    return [
      "The file's loss was made without from_logits=True, though the model does not end in softmax or sigmoid: Keras took its outputs for probabilities in training, here they are taken for logits.",
    ];
  return [];
}

function notTaken(loss: string, why: string): string {
  return `The file says that the model was trained with the loss ${quote(loss)}, which ${why}, so that the one that fits the outputs and labels is taken; ${setting('loss')} chooses another.`;
}

function trainingOf(said: unknown): NonNullable<TrainingSaid['training']> | null {
  const name = isRecord(said) ? said['class_name'] : said;
  if (typeof name !== 'string') return null;
  const kind = name.toLowerCase();
  if (kind !== 'sgd' && kind !== 'adam') return null;
  const config = new Config(isRecord(said) ? said['config'] : {}, 'The optimizer in the file');
  const number = (key: string): number | null => {
    const value = config.value(key);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  // A schedule is no number, and which rate counted at the end is not known.
  const isScheduled = isRecord(config.value('learning_rate'));
  const rate = number('learning_rate') ?? number('lr') ?? (isScheduled ? null : (usualRates[kind] ?? null));
  const learningRate = rate !== null && rate > 0 ? withoutFloat32(rate) : null;
  if (kind === 'adam')
    return completeTraining({ optimiser: 'adam', momentum: number('beta_1'), learningRate });
  const momentum = number('momentum') ?? 0;
  const isNesterov = config.value('nesterov') === true && momentum > 0;
  return completeTraining({
    optimiser: isNesterov ? 'nesterov' : momentum > 0 ? 'momentum' : 'sgd',
    momentum,
    learningRate,
  });
}

/** 0.001 became 0.0010000000474974513 on its way through float32: the shortest number that rounds to it was meant. */
function withoutFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/** A sentence of the penalties that layers add to the loss in training, where they have any. */
export function penaltyNotes(
  layers: readonly { readonly name: string; readonly config: Config }[],
): readonly string[] {
  const found = layers.flatMap(({ name, config }) =>
    ['kernel', 'bias', 'gamma', 'beta', 'embeddings', 'recurrent', 'depthwise', 'pointwise'].flatMap(
      (variable) => {
        const regulariser = config.value(`${variable}_regularizer`);
        if (!isRecord(regulariser)) return [];
        const amounts = isRecord(regulariser['config']) ? Object.entries(regulariser['config']) : [];
        const shown = amounts.flatMap(([key, value]) =>
          typeof value === 'number' && value !== 0 ? [`${key} ${withoutFloat32(value)}`] : [],
        );
        return shown.length === 0 ? [] : [`${quote(`${name}/${variable}`)} (${shown.join(', ')})`];
      },
    ),
  );
  if (found.length === 0) return [];
  const rest = found.length > 6 ? ` and ${found.length - 6} more` : '';
  return [
    `In training Keras added penalties to the loss, which are not counted here: ${found.slice(0, 6).join(', ')}${rest}; an l2 of s is a weight decay of 2s on that tensor (${setting('weight-decay')}, ${setting('decayed')}).`,
  ];
}
