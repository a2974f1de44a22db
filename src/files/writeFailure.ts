/** What the system's codes for a write that failed mean to a person. */
const meanings: ReadonlyMap<unknown, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'your share of the disk is used up'],
  ['EFBIG', 'the file would be larger than is allowed'],
  ['EROFS', 'the disk is read-only'],
  ['EACCES', 'it is not allowed'],
  ['EPERM', 'it is not allowed'],
  ['EBUSY', 'another program is using the file'],
  ['ENOENT', 'its folder is gone'],
  ['ENOTDIR', 'its folder is gone'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['EIO', 'the disk reports an error'],
  ['EPIPE', 'its reader closed it before the end'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
]);

/** Why something could not be written, for the middle of a sentence; without the system's code, its call and its paths. */
export function writeFailureText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return meanings.get(code) ?? 'the system refuses it';
}
