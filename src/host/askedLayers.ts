import { parseArchitecture, type Architecture, type ProposedArchitecture } from '../report/architecture';
import { failureOf } from '../report/failure';
import {
  alternativesOf,
  answered,
  isComplete,
  knownAnswers,
  questionsOf,
  type Answers,
  type LayersForm,
  type TriedLayers,
} from '../report/layersForm';
import type { LayersTrial } from '../report/request';
import { formatCount } from '../report/wording/number';

/** Rows that a form shows at most. */
const mostRows = 16;

/** What the panel asks of a file of weights, and what its answers give on the samples. */
export class AskedLayers {
  private answers: Answers = {};
  private tried: LayersForm['tried'] = null;
  private readonly questions: LayersForm['questions'];
  private round = 0;
  private readonly work = new AbortController();

  /**
   * @param tryThem what architectures give, in the worker
   * @param onChange called when the form is another
   * @param isTrusted whether code of the workspace may be run
   */
  constructor(
    readonly proposal: ProposedArchitecture,
    private readonly tryThem: (
      architectures: readonly Architecture[],
      signal: AbortSignal,
    ) => Promise<readonly LayersTrial[]>,
    private readonly onChange: () => void,
    private readonly isTrusted: () => boolean,
  ) {
    this.questions = questionsOf(proposal);
  }

  get form(): LayersForm {
    const { questions, answers, tried } = this;
    return {
      ...{ questions, answers, tried },
      complete: isComplete(questions, answers),
      runsPython: this.isTrusted(),
    };
  }

  /** As far as it is answered, for who completes it as JSON. */
  get text(): string {
    return JSON.stringify(answered(this.proposal, this.answers), null, 2);
  }

  /** The layers as answered; null where something is open. */
  get architecture(): Architecture | null {
    return isComplete(this.questions, this.answers) ? this.architectureOf(this.answers) : null;
  }

  /** Takes answers, and tries them and what stands beside them. */
  async answer(said: Answers): Promise<void> {
    this.answers = knownAnswers(this.questions, said);
    await this.try();
  }

  /** Tries what is open; where the samples' sizes leave one shape alone, that is taken. */
  async try(): Promise<void> {
    const round = ++this.round;
    this.tried = null;
    this.onChange();
    const { of, list, meanwhile } = alternativesOf(this.questions, this.answers);
    const wanted = list.flatMap((each) => {
      const architecture = this.architectureOf({ ...this.answers, ...meanwhile, ...each.answers });
      return architecture === null ? [] : [{ ...each, architecture }];
    });
    const trials = await this.trialsOf(wanted.map(({ architecture }) => architecture));
    if (round !== this.round) return;
    const rows = trials
      .flatMap((trial, at): readonly TriedLayers[] => {
        const { answers, caption } = wanted[at] ?? { answers: {}, caption: '' };
        return trial.ok ? [{ answers, caption, loss: trial.loss, accuracy: trial.accuracy }] : [];
      })
      .sort((a, b) => a.loss - b.loss);
    const [only, ...others] = rows;
    if (of === 'shapes' && only !== undefined && others.length === 0) {
      await this.answer({ ...this.answers, ...only.answers });
      return;
    }
    this.tried = { rows: rows.slice(0, mostRows), sentence: sentenceOf(of, wanted.length, trials) };
    this.onChange();
  }

  /** Ends what is being tried. */
  stop(): void {
    this.round++;
    this.work.abort();
  }

  private async trialsOf(architectures: readonly Architecture[]): Promise<readonly LayersTrial[]> {
    if (architectures.length === 0) return [];
    try {
      return await this.tryThem(architectures, this.work.signal);
    } catch (thrown) {
      return [{ ok: false, fault: failureOf(thrown).message }];
    }
  }

  private architectureOf(answers: Answers): Architecture | null {
    const parsed = parseArchitecture(answered(this.proposal, answers));
    return parsed.ok ? parsed.value : null;
  }
}

function sentenceOf(of: 'shapes' | 'functions', wanted: number, trials: readonly LayersTrial[]): string {
  if (wanted === 0)
    return 'So much is open that nothing can be tried: choose what you know, or write the layers as JSON.';
  const found = trials.find((trial) => trial.ok);
  const refused = trials.find((trial) => !trial.ok);
  if (found === undefined) return refused?.fault ?? 'There was no time to try these layers.';
  const untried = wanted > trials.length ? ` ${String(wanted - trials.length)} were not tried in time.` : '';
  const what = of === 'shapes' ? 'Shapes that fit, with relu where no function is chosen' : 'What was tried';
  return `${what}: mean loss (${found.of}) and accuracy on ${formatCount(found.count)} samples of ${found.source}. On samples of the training wrong layers mostly lose far more; of those that come close the least need not be the right ones: what the training script says decides.${untried}`;
}
