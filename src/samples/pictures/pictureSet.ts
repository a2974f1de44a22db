import type { Picture } from '../../files/pictures/picture';
import { fittedTo } from '../../files/pictures/picture';
import { quote } from '../../files/quote';
import { failureOf, FailureError } from '../../report/failure';
import { setting } from '../../report/wording/settings';
import { listed } from '../sampleArray';
import type { PictureSet } from './pictureArray';

/** A picture that is decoded when it is wanted. */
export interface StoredPicture {
  /** For sentences. */
  readonly name: string;
  readonly load: () => Promise<Picture>;
}

/**
 * The pictures that can be read where the others are left out, else all; with the first of them, which tells their size.
 * @throws FailureError NoSamples, or what the first is at fault
 */
export async function withoutBroken<Stored extends StoredPicture>(
  title: string,
  all: readonly Stored[],
  leaveOut: boolean,
): Promise<{
  readonly pictures: readonly Stored[];
  readonly first: Picture;
  readonly notes: readonly string[];
}> {
  const broken: Stored[] = [];
  if (leaveOut) for (const picture of all) await picture.load().catch(() => broken.push(picture));
  const isBroken = new Set(broken);
  const pictures = all.filter((picture) => !isBroken.has(picture));
  const [first] = pictures;
  if (first === undefined)
    throw new FailureError('NoSamples', `No picture in ${title} can be read; choose others.`);
  const notes =
    broken.length === 0
      ? []
      : [
          `${broken.length.toLocaleString('en')} of ${all.length.toLocaleString('en')} pictures are left out, since they cannot be read: ${listed(broken.map(({ name }) => name))}.`,
        ];
  return { pictures, first: await first.load(), notes };
}

/** Pictures of any size as a set. @param first the first of them, for its size */
export function pictureSet(title: string, pictures: readonly StoredPicture[], first: Picture): PictureSet {
  return {
    title,
    count: pictures.length,
    size: first,
    resizable: true,
    place: (row) => `in ${quote(pictures[row]?.name ?? '')}`,
    read: async (rows, size) => {
      const chosen = rows === null ? pictures : Array.from(rows, (row) => pictures[row]!);
      const numbers = size.height * size.width * size.channels;
      const bytes = new Uint8Array(chosen.length * numbers);
      const failures: string[] = [];
      for (const [at, picture] of chosen.entries()) {
        const decoded = await picture.load().catch((error: unknown) => {
          failures.push(failureOf(error).message);
          return null;
        });
        if (decoded !== null) bytes.set(fittedTo(decoded, size).data, at * numbers);
      }
      const [example] = failures;
      if (example === undefined) return bytes;
      throw new FailureError(
        'SamplesUnreadable',
        failures.length === 1
          ? `${example.replace(/\.$/, '')}, or leave it out with ${setting('skip-broken')}.`
          : `${failures.length.toLocaleString('en')} of ${chosen.length.toLocaleString('en')} pictures in ${title} cannot be read, the first because ${example.replace(/\.$/, '')}; leave them out with ${setting('skip-broken')}.`,
      );
    },
  };
}
