/** The normalisations of pictures that have names. */
export const normalisationNames = ['0-1', '-1-1', 'imagenet', '0-255'] as const;

/** What can be asked for, for a sentence. */
export const normalisationsText = `${normalisationNames.join(', ')} or MEAN/DEVIATION`;
