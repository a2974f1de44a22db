import * as v from 'valibot';

/** What published schemas are made of. */

export const number = v.pipe(v.number(), v.finite());
export const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const share = v.pipe(v.number(), v.finite());

export const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.readonly());
export const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(v.object(entries), v.readonly());
/** With a sentence that is published. */
export const describe = <Schema extends v.GenericSchema>(schema: Schema, sentence: string) =>
  v.pipe(schema, v.description(sentence));

export const quantity = describe(
  object({ value: number, standardError: notNegative }),
  'A number with its evidence: the standard error is 0 where the value is exact to rounding.',
);
export const interval = { lower: quantity, upper: quantity };
/** Between these ends a number lies. */
export const range = object({ lower: number, upper: number });
