import type { Graph } from '../graph/graph';
import { FailureError } from '../report/failure';
import { describeShape, fitsShape, type InputShapes } from '../report/inputShapes';
import { printable } from '../report/printable';
import { setting } from '../report/wording/settings';

/**
 * The graph with sizes for what the file leaves open.
 * @throws FailureError UsageError where an input is not there, or fixes another size
 */
export function withShapes(graph: Graph, shapes: InputShapes): Graph {
  for (const name of Object.keys(shapes)) {
    if (graph.inputs.some((input) => input.name === name)) continue;
    const names = graph.inputs.map((input) => `"${printable(input.name)}"`);
    throw new FailureError(
      'UsageError',
      `The model has no input "${printable(name)}" (it has ${names.join(', ')}); correct ${setting('shape')}.`,
    );
  }
  const inputs = graph.inputs.map((input) => {
    const shape = shapes[input.name];
    if (shape === undefined) return input;
    const { dims } = input;
    if (fitsShape(dims, shape)) return { ...input, dims: [dims?.[0] ?? null, ...shape.slice(1)] };
    const wanted = describeShape(dims ?? []);
    throw new FailureError(
      'UsageError',
      `The model's input "${printable(input.name)}" has the shape ${wanted} in the file, which ${shape.join('x')} does not fit; correct ${setting('shape')}.`,
    );
  });
  return { ...graph, inputs };
}
