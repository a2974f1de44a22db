/** In the head of every page of a report: no other file is written over. */
export const pageMark = '<meta name="generator" content="Model Sharpness">';
