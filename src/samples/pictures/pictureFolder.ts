import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodePicture, type Picture } from '../../files/pictures/picture';
import { quote } from '../../files/quote';
import { openRandomAccessFile } from '../../files/randomAccess';
import { FailureError } from '../../report/failure';
import { wordArray } from '../classNames';
import { listed, type KeyChoice, type SampleArray, type Selection } from '../sampleArray';
import type { InputSpec } from '../samples';
import { classLabels } from './classLabels';
import { pictureArray, pictureInput } from './pictureArray';
import { pictureSet, withoutBroken, type StoredPicture } from './pictureSet';

const mostPictures = 1_000_000;
const largestPicture = 64 * 1024 ** 2;
/** Whether a file is named as pictures are that are read here. */
export function isPictureName(name: string): boolean {
  return /\.(?:png|jpe?g)$/i.test(name);
}

/** Whether a folder is named as a part of a data set, which has its classes in folders of its own. */
export function isPartName(name: string): boolean {
  return /^(?:train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|dev)$/i.test(name);
}

interface Found extends StoredPicture {
  /** The folder that it lies in; null: the chosen one itself. */
  readonly label: string | null;
}

/**
 * The pictures of a folder: those of each of its folders are of one class, as torchvision's ImageFolder has them; pictures that
 * lie in it directly have no labels.
 * @throws FailureError SamplesUnreadable, NoSamples, and what a picture that is read is at fault
 */
export async function selectPictures(
  folder: string,
  specs: readonly InputSpec[],
  choice: KeyChoice,
): Promise<Selection> {
  const title = quote(basename(folder));
  const spec = pictureInput(title, specs);
  const all = await picturesBelow(folder, title);
  const { pictures, first, notes: left } = await withoutBroken(title, all, choice.leaveOutBroken === true);
  const { array, notes } = pictureArray(pictureSet(title, pictures, first), spec);
  const labels = labelsOfFolders(title, pictures, choice.classNames ?? null);
  const told = [...left, ...notes, ...(labels === null ? [] : labels.notes)];
  return {
    inputs: [array],
    labels: labels?.array ?? null,
    ...(told.length > 0 && { notes: told }),
  };
}

/** The folders' names as classes: those that are numbers are these numbers. */
function labelsOfFolders(
  title: string,
  found: readonly Found[],
  known: readonly string[] | null,
): { readonly array: SampleArray; readonly notes: readonly string[] } | null {
  const words = found.flatMap(({ label }) => label ?? []);
  if (words.length === 0) return null;
  const place = (row: number): string => `of ${quote(found[row]?.name ?? '')}`;
  if (known === null && words.every((word) => /^\d{1,9}$/.test(word))) {
    const names = [...new Set(words)];
    const sorted = names.toSorted().every((name, index) => Number(name) === index);
    const note = `The folders of ${title} are named by numbers, which are taken as the classes; torchvision's ImageFolder counts them in the order of their names as text, where ${quote(names.toSorted().find((name, index) => Number(name) !== index) ?? '')} is another.`;
    return { array: classLabels(title, words.map(Number), place), notes: sorted ? [] : [note] };
  }
  const { array, note } = wordArray(title, words, known, place);
  return { array, notes: [note] };
}

async function picturesBelow(folder: string, title: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  const classes: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => entry.name);
  const parts = entries.filter((entry) => entry.isDirectory() && isPartName(entry.name));
  if (parts.length > 0 && !names.some(isPictureName)) {
    throw new FailureError(
      'UsageError',
      `${title} holds ${listed(parts.map(({ name }) => name).sort())}, each with samples of its own; choose one of these folders.`,
    );
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) classes.push(entry.name);
    else if (entry.isFile() && isPictureName(entry.name)) found.push(foundAt(folder, entry.name, null));
  }
  const ofClasses: Found[] = [];
  for (const label of classes) {
    const inside = (await readdir(join(folder, label))).filter(isPictureName).sort();
    for (const name of inside) ofClasses.push(foundAt(folder, `${label}/${name}`, label));
  }
  if (found.length > 0 && ofClasses.length > 0) {
    throw new FailureError(
      'SamplesUnreadable',
      `${title} holds pictures beside folders of pictures, so that what their labels are is not clear; put each picture into the folder of its class.`,
    );
  }
  const pictures = [...found, ...ofClasses];
  if (pictures.length === 0)
    throw new FailureError(
      'NoSamples',
      `${title} holds no PNG or JPEG files, and no folders of them; choose another folder.`,
    );
  if (pictures.length > mostPictures)
    throw new FailureError(
      'SamplesUnreadable',
      `${title} holds more than ${mostPictures.toLocaleString('en')} pictures; choose a folder with fewer.`,
    );
  return pictures;
}

/** @param name beneath the chosen folder */
function foundAt(folder: string, name: string, label: string | null): Found {
  return { name, label, load: () => load(join(folder, name), name) };
}

async function load(path: string, name: string): Promise<Picture> {
  const file = await openRandomAccessFile(path);
  try {
    if (file.size > largestPicture)
      throw new FailureError(
        'SamplesUnreadable',
        `${quote(name)} has ${file.size.toLocaleString('en')} bytes, too many for a picture; save it smaller.`,
      );
    return decodePicture(name, await file.read(0, file.size));
  } finally {
    await file.close();
  }
}
