import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { memoryFile } from '../files/randomAccess';
import { detectContents, detectFile, type Detection } from '../formats/detection';
import type { RunnableModel } from '../formats/model';
import { conditionsOfShapes } from '../formats/onnx/branches';
import { readOnnxUnrun } from '../formats/onnx/readOnnx';
import { readModel } from '../formats/readModel';
import { requireLowerings } from '../graph/lowering/lowerGraph';
import { requireScores } from '../loss/chooseLoss';
import { lossInput } from '../loss/lossInput';
import { failureOf, failureSubjects, type FailureKind } from '../report/failure';
import { findSubject, nodesOf, noSubjectChoice } from '../subject/subject';

/** What a file is, and what an analysis would say of it. */
export interface Judgement extends Omit<Detection, 'analysable'> {
  /** `asks`: for something that the file leaves open, which the advice names. */
  readonly analysable: 'yes' | 'no' | 'asks';
}

/** Up to so many bytes a file is read whole, at once: of ten thousand files the calls for each take longer than the bytes. */
const small = 2 ** 20;
/** Failures of a model that the settings put right. */
const completed: ReadonlySet<FailureKind> = new Set(['TrainingMode', 'ArchitectureMissing']);
/** Beyond it an ONNX file is refused unread. */
const largestModel = 2 ** 31 - 1;

/**
 * Tells of a file what an analysis would say of it, as far as that is known before anything is run: its operators are looked
 * up, its parameters found, no session is opened.
 * @throws FailureError as detectFile does
 */
export async function judgeFile(path: string): Promise<Judgement> {
  const bytes = readSmall(path);
  const detection =
    bytes === null ? await detectFile(path) : await detectContents(memoryFile(basename(path), bytes));
  if (!detection.analysable) return { ...detection, analysable: 'no' };
  try {
    return { ...detection, analysable: 'yes', advice: judgeModel(await readModelOf(path, detection, bytes)) };
  } catch (error) {
    const { kind, message } = failureOf(error);
    const analysable = failureSubjects[kind] === 'usage' || completed.has(kind) ? 'asks' : 'no';
    return { ...detection, analysable, advice: message };
  }
}

/** The bytes of a regular file of a few; null where it is none, or cannot be read. */
function readSmall(path: string): Uint8Array | null {
  let file: number;
  try {
    // Opening a pipe would else wait for somebody to write to it.
    file = openSync(path, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK));
  } catch {
    return null;
  }
  try {
    const facts = fstatSync(file);
    return facts.isFile() && facts.size <= small ? readFileSync(file) : null;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

async function readModelOf(
  path: string,
  { format, size }: Detection,
  bytes: Uint8Array | null,
): Promise<RunnableModel> {
  if (format !== 'onnx' || size > largestModel) return readModel(path, null, format);
  return readOnnxUnrun(resolve(path), bytes ?? (await readFile(path)));
}

/** What should be known of a model beforehand. @throws FailureError where it cannot be analysed */
function judgeModel(model: RunnableModel): string | null {
  if (conditionsOfShapes(model.graph).length > 0)
    return 'It has branches that only a run decides; whether they can be followed shows when it is analysed.';
  const subject = findSubject(model, noSubjectChoice);
  const learned = new Set(subject.parameters.map(({ name }) => name));
  const nodes = nodesOf(subject, lossInput(subject, null).tensor);
  requireLowerings(subject.graph, nodes, { learned, copies: subject.copies });
  if (model.said?.loss === undefined) requireScores(subject.head.bounded);
  return null;
}
