import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { Dataset, File, type Group } from 'jsfive';

const folder = join(import.meta.dirname, '../../../references/keras');

/** A file that Keras wrote, by test/references/keras/make_models.py. */
export function kerasFile(name: string): Uint8Array {
  const path = join(folder, name);
  return name.endsWith('.keras') ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
}

/** The entries of an archive. */
export function entriesOf(archive: Uint8Array): Record<string, Uint8Array> {
  return unzipSync(archive);
}

/** An archive with another configuration. */
export function withConfig(archive: Uint8Array, change: (text: string) => string): Uint8Array {
  const entries = entriesOf(archive);
  const text = new TextDecoder().decode(entries['config.json']);
  const changed = change(text);
  if (changed === text) throw new Error('The configuration was to be changed');
  return zipSync({ ...entries, 'config.json': new TextEncoder().encode(changed) });
}

/** What a dataset holds. */
export interface StoredNumbers {
  readonly shape: readonly number[];
  readonly value: readonly number[];
  readonly dtype: unknown;
}

/** All tensors of an HDF5 file by their paths, as jsfive reads them. */
export function tensorsOf(bytes: Uint8Array): ReadonlyMap<string, StoredNumbers> {
  const file = new File(Uint8Array.from(bytes).buffer, 'file.h5');
  const found = new Map<string, StoredNumbers>();
  const walk = (group: Group, path: string): void => {
    for (const key of group.keys) {
      const member = group.get(key);
      // Every look at its numbers would read them again.
      if (member instanceof Dataset)
        found.set(`${path}${key}`, { shape: member.shape, value: member.value, dtype: member.dtype });
      else walk(member, `${path}${key}/`);
    }
  };
  walk(file, '');
  return found;
}

/** A text attribute of the whole file, as jsfive reads it. */
export function attributeOf(bytes: Uint8Array, name: string): string {
  return String(new File(Uint8Array.from(bytes).buffer, 'file.h5').attrs[name]).replace(/\0+$/, '');
}
