import type { TrainingSaid } from '../formats/model';
import type { Training } from '../report/report';
import type { AnalysisRequest } from '../report/request';

/** A request with what the model's file says of its training where the request leaves it open. */
export function completedByFile(request: AnalysisRequest, said: TrainingSaid | undefined): AnalysisRequest {
  if (said === undefined) return request;
  // The loss that a file names is that of its own output.
  const isOpen = request.loss === 'auto' && request.output === null && said.loss !== undefined;
  return {
    ...request,
    ...(isOpen && { loss: said.loss }),
    ...(isOpen && request.labelSmoothing === 0 && { labelSmoothing: said.labelSmoothing ?? 0 }),
    training: request.training ?? said.training ?? null,
  };
}

const optimiserNames: Readonly<Record<Training['optimiser'], string>> = {
  sgd: 'gradient descent',
  momentum: 'gradient descent with momentum',
  nesterov: 'gradient descent with Nesterov’s momentum',
  adam: 'Adam',
};

/** What was taken from the file of what could have been asked for. */
export function takenFromFile(
  said: TrainingSaid | undefined,
  { loss, labelSmoothing, training }: Pick<AnalysisRequest, 'loss' | 'labelSmoothing' | 'training'>,
): readonly string[] {
  if (said === undefined) return [];
  const taken = [
    ...(said.loss !== undefined && loss === said.loss ? [`the loss ${loss}`] : []),
    ...(said.labelSmoothing !== undefined && labelSmoothing === said.labelSmoothing
      ? [`label smoothing ${labelSmoothing}`]
      : []),
    ...(said.training !== undefined && training === said.training ? [trainingText(training)] : []),
  ];
  return taken.length === 0 ? [] : [`Read from the file: ${taken.join(', ')}.`];
}

function trainingText({ optimiser, learningRate, momentum }: Training): string {
  const parts = [
    ...(learningRate === null ? [] : [`learning rate ${learningRate}`]),
    ...(momentum === 0 ? [] : [`momentum ${momentum}`]),
  ];
  return optimiserNames[optimiser] + (parts.length === 0 ? '' : ` (${parts.join(', ')})`);
}
