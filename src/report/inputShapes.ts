/** Shapes that a user gives to graph inputs, by name; the first axis counts samples, whatever is said of it. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/** What is to be changed of them; null: the sizes are left open again. */
export type ShapeChanges = Readonly<Record<string, readonly number[] | null>>;

/** An input of which the model leaves sizes open. */
export interface OpenInput {
  readonly name: string;
  /** As the file has them, the axis of the samples first; null: an open size. Null: of any number of axes. */
  readonly dims: readonly (number | null)[] | null;
  /** Random inputs have a size of their own where nothing is said. */
  readonly optional: boolean;
  /** What the model's sidecar says. */
  readonly shape: readonly number[] | null;
}

/** "1x3x224x224" as sizes, or null where it is none. */
export function parseShape(text: string): readonly number[] | null {
  return /^[1-9]\d{0,9}(?:x[1-9]\d{0,9})*$/.test(text) ? text.split('x').map(Number) : null;
}

/** Whether an input of these sizes, of which all but numbers are open, may have the shape. */
export function fitsShape(dims: readonly unknown[] | null, shape: readonly number[]): boolean {
  return (
    dims === null ||
    (dims.length === shape.length &&
      dims.every((size, axis) => axis === 0 || typeof size !== 'number' || size === shape[axis]))
  );
}

/** "?x3x?x?". */
export function describeShape(dims: readonly unknown[]): string {
  return dims.map((size) => (typeof size === 'number' ? size : '?')).join('x');
}

/** The shapes with the changes. */
export function changeShapes(shapes: InputShapes, changes: ShapeChanges): InputShapes {
  const changed = Object.entries<readonly number[] | null>({ ...shapes, ...changes });
  return Object.fromEntries(changed.flatMap(([name, shape]) => (shape === null ? [] : [[name, shape]])));
}
