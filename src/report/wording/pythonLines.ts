/** What a training script ends with, to write its model, its samples and its loss; `media/python/model_sharpness.py` has it. */
export const pythonLines = 'from model_sharpness import export; export(model, loader, criterion)';

/** The same for the clipboard, where the file lies in a folder of the extension. */
export function pythonLinesFrom(folder: string): string {
  // A raw string may end in no backslash, and JSON's are Python's, too.
  const [first = '', second = ''] = pythonLines.split('; ');
  return [`import sys; sys.path.append(${JSON.stringify(folder)}); ${first}`, second, ''].join('\n');
}
