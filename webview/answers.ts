import { questions, type Question } from '../src/charts/answers';
import type { Method } from '../src/report/report';
import { element, withSubscripts } from './dom';
import { hint } from './tooltip';
import { trainingFields, trainingOf } from './trainingFields';
import { hasNumbers, type Part } from './view';

/** The four questions of a first glance, with the answers that are known. */
export const answers: Part = {
  id: 'answers',
  inputs: ({ known, pending, state, settings }) => {
    const { bounds, estimate, sharpness, layers, gradientNorm, samples, loss, lossAssumed } = known;
    return [
      pending,
      state.phase,
      bounds,
      estimate?.intervals,
      sharpness,
      layers,
      gradientNorm,
      samples,
      loss,
      lossAssumed,
      known.method,
      known.training,
      settings.training,
    ];
  },
  draw: (view) => {
    const { pending, state } = view;
    if (!hasNumbers(state)) return [];
    const training = trainingOf(view);
    const known = { ...view.known, ...(training !== undefined && { training }) };
    return questions(known)
      .filter(({ answer }) => answer !== null || pending)
      .map((question) => {
        const built = answerCard(question, known.method);
        if (question.term !== 'learningRate' || question.answer === null) return built;
        const said = { known: trainingOf(view), open: view.settings.training !== null };
        built.append(trainingFields(said, (training) => view.change({ training })));
        return built;
      });
  },
};

function answerCard({ title, term, answer }: Question, method: Method | undefined): HTMLElement {
  const searching = method === 'exact' || method === 'estimate';
  const layer = answer?.layer;
  const name =
    layer === undefined
      ? null
      : element(
          'button',
          {
            class: layer.shown.length > 14 ? 'opens long' : 'opens',
            type: 'button',
            id: 'answer-layer',
            title: layer.whole,
          },
          layer.shown,
        );
  return element(
    'section',
    {
      class: searching ? 'card answer searching' : 'card answer',
      'aria-label': title,
      'data-layer': layer?.index,
    },
    element('h2', {}, title, hint(term, title)),
    element(
      'p',
      { class: answer === null ? 'headline unknown' : 'headline' },
      name,
      ...withSubscripts(answer?.headline ?? '…'),
    ),
    ...(answer?.sentences ?? []).map((sentence) =>
      element('p', { class: 'sentence' }, ...withSubscripts(sentence)),
    ),
  );
}
