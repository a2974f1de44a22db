import { comparisonExports, type ComparisonToHost, type SavedComparison } from '../comparison/panelState';
import type { DetailOf } from '../report/detail';
import {
  exportFormats,
  type ExportMessage,
  type PanelToHost,
  type SampleChoice,
} from '../report/panelMessages';
import type { ShapeChanges } from '../report/inputShapes';
import { readSaid } from '../report/form';
import type { Answers } from '../report/layersForm';
import type { Training } from '../report/report';
import { optimisers } from '../report/request';

/** A picture of a report has some hundred kilobytes; what is far beyond is no picture of ours. */
const largestPicture = 64 * 1024 ** 2;

/** The message that a webview sent, or null where it is none: what comes out of a webview is checked like a file. */
export function readPanelMessage(message: unknown): PanelToHost | null {
  if (!isObject(message)) return null;
  switch (message['type']) {
    case 'ready':
    case 'run':
    case 'cancel':
    case 'change-samples':
    case 'write-architecture':
    case 'use-layers':
    case 'run-python':
    case 'show-log':
    case 'look':
      return { type: message['type'] };
    case 'answer-layers': {
      const { answers } = message;
      const isOf = isObject(answers) && Object.values(answers).every((each) => typeof each === 'string');
      return isOf ? { type: 'answer-layers', answers: answers as Answers } : null;
    }
    case 'skip': {
      const { stage } = message;
      return typeof stage === 'string' ? { type: 'skip', stage } : null;
    }
    case 'say': {
      const said = readSaid(message['said']);
      return said === null ? null : { type: 'say', said };
    }
    case 'choose-samples': {
      const choice = readChoice(message['choice']);
      const shapes = readShapes(message['shapes']);
      return choice === null || shapes === null ? null : { type: 'choose-samples', choice, shapes };
    }
    case 'detail': {
      const of = readDetailOf(message['of']);
      return of === null ? null : { type: 'detail', of };
    }
    case 'export':
      return readExport(message['format']);
    default:
      return readExportMessage(message);
  }
}

const plainOfComparison = ['ready', 'cancel', 'run', 'follow', 'stop-following', 'show-log'] as const;

/** The message that the webview of a comparison sent, or null where it is none. */
export function readComparisonMessage(message: unknown): ComparisonToHost | null {
  if (!isObject(message)) return null;
  const plain = plainOfComparison.find((type) => type === message['type']);
  if (plain !== undefined) return { type: plain };
  if (message['type'] === 'train') {
    const training = readTraining(message['training']);
    return training === null ? null : { type: 'train', training };
  }
  const asked = message['type'] === 'export' ? message['format'] : null;
  const format = comparisonExports.find((each) => each === asked);
  return format === undefined ? readExportMessage(message) : { type: 'export', format };
}

/** What the webview of a comparison kept over a reload, or null where nothing can be told. */
export function readSavedComparison(saved: unknown): SavedComparison | null {
  if (!isObject(saved)) return null;
  const { files, folder } = saved;
  const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '';
  if (!Array.isArray(files) || files.length === 0 || !files.every(isPath)) return null;
  return folder === null || isPath(folder) ? { files, folder } : null;
}

function readTraining(raw: unknown): Training | null {
  if (!isObject(raw)) return null;
  const { learningRate, momentum, batchSize } = raw;
  const optimiser = optimisers.find((each) => each === raw['optimiser']);
  const isPositive = (value: unknown): value is number =>
    typeof value === 'number' && Number.isFinite(value) && value > 0;
  if (optimiser === undefined || !(learningRate === null || isPositive(learningRate))) return null;
  if (typeof momentum !== 'number' || !(momentum >= 0 && momentum < 1)) return null;
  if (!(batchSize === null || (isPositive(batchSize) && Number.isInteger(batchSize)))) return null;
  return { optimiser, learningRate, momentum, batchSize };
}

function readChoice(choice: unknown): SampleChoice | null {
  if (!isObject(choice)) return null;
  switch (choice['kind']) {
    case 'browse':
    case 'random':
      return { kind: choice['kind'] };
    case 'file':
      return typeof choice['path'] === 'string' ? { kind: 'file', path: choice['path'] } : null;
    default:
      return null;
  }
}

function readDetailOf(of: unknown): DetailOf | null {
  if (!isObject(of)) return null;
  const { kind, index } = of;
  const isPlace = typeof index === 'number' && Number.isSafeInteger(index) && index >= 0;
  return isPlace && (kind === 'layer' || kind === 'sample') ? { kind, index } : null;
}

function readShapes(shapes: unknown): ShapeChanges | null {
  if (!isObject(shapes)) return null;
  const isShape = (shape: unknown): shape is readonly number[] =>
    Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isInteger(size) && size > 0);
  const read: [string, readonly number[] | null][] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape !== null && !isShape(shape)) return null;
    read.push([name, shape]);
  }
  return Object.fromEntries(read);
}

function readExport(asked: unknown): PanelToHost | null {
  const format = exportFormats.find((each) => each === asked);
  return format === undefined ? null : { type: 'export', format };
}

/** What the panel of a comparison may ask, too. */
function readExportMessage(message: Fields): ExportMessage | null {
  if (message['type'] === 'copy-markdown') return { type: 'copy-markdown' };
  const { type, picture } = message;
  if (type !== 'picture' || !isObject(picture)) return null;
  const { name, format, content } = picture;
  if (typeof name !== 'string' || !/^[a-zA-Z-]{1,40}$/.test(name)) return null;
  if (typeof content !== 'string' || content.length > largestPicture) return null;
  return format === 'svg' || format === 'png' ? { type, picture: { name, format, content } } : null;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
