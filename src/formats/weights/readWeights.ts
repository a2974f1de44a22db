import type { Architecture, ProposedArchitecture } from '../../report/architecture';
import { parseArchitecture } from '../../report/architecture';
import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import { setting } from '../../report/wording/settings';
import { buildModel } from '../architecture/buildModel';
import { shapeText } from '../architecture/buildContext';
import { proposeArchitecture } from '../architecture/propose';
import type { Model } from '../model';
import type { Weights } from './weights';
import type { WeightsFile } from './weightsFile';

/** Tensors in a sentence, at most. */
const mostTensors = 8;

/**
 * A model of a file that holds weights: as the architecture says, or as the file itself does where it says all.
 * @throws FailureError ArchitectureMissing with a proposal as its detail; UsageError where the architecture does not fit
 */
export async function weightsModel(
  opening: Promise<WeightsFile>,
  architecture: Architecture | null,
): Promise<Model> {
  const file = await opening;
  try {
    const { facts, name, weights, told } = file;
    if (architecture !== null)
      return await withTraining(await buildModel(facts, name, weights, architecture), file);
    if (told?.isWhole === true) {
      const whole = parseArchitecture(told.architecture);
      if (whole.ok) return await withTraining(await buildModel(facts, name, weights, whole.value), file);
    }
    throw missing(file);
  } finally {
    await file.close();
  }
}

/** The model with what its file tells of the training. */
async function withTraining(model: Model, { weights, trainingOf }: WeightsFile): Promise<Model> {
  if (trainingOf === undefined) return model;
  const trained = [...weights.keys()].filter((name) => model.parameters?.trained.has(name) === true);
  const { notes, ...told } = await trainingOf(trained);
  return {
    ...model,
    ...told,
    notes: (analysed) => [...(model.notes?.(analysed) ?? []), ...(notes?.(analysed) ?? [])],
  };
}

/** The architecture of a file of weights as far as it tells it. */
export async function proposalOf(opening: Promise<WeightsFile>): Promise<ProposedArchitecture> {
  const file = await opening;
  await file.close();
  return proposed(file);
}

function proposed({ told, weights }: WeightsFile): ProposedArchitecture {
  return told?.architecture ?? proposeArchitecture(weights);
}

function missing(file: WeightsFile): FailureError {
  const { name, weights } = file;
  const proposal = proposed(file);
  return new FailureError(
    'ArchitectureMissing',
    `${quote(name)} holds weights (${listed(weights)}) and not what is between them; complete the proposed layers (“model-sharpness architecture FILE” prints them), and give them with ${setting('architecture')}.`,
    JSON.stringify(proposal, null, 2),
  );
}

function listed(weights: Weights): string {
  const shown = [...weights].filter(([name]) => !name.endsWith('num_batches_tracked'));
  const texts = shown.slice(0, mostTensors).map(([name, { dims }]) => `${quote(name)} ${shapeText(dims)}`);
  const more = shown.length > mostTensors ? ` and ${String(shown.length - mostTensors)} others` : '';
  return `${texts.join(', ')}${more}`;
}
