import { quote } from '../../files/quote';
import type { Architecture, Layer } from '../../report/architecture';
import { isNamedBy } from '../../report/namePattern';
import { setting } from '../../report/wording/settings';
import { builtModel } from '../built/builtModel';
import type { Model } from '../model';
import type { Weights } from '../weights/weights';
import { architectureFailure, BuildContext } from './buildContext';
import { named } from './dense';
import { buildLayers } from './layers';

/** Names in a sentence, at most. */
const mostNames = 8;

/**
 * The model that an architecture makes of a file's weights. Every shape is checked before any number is read.
 * @throws FailureError UsageError where the architecture does not fit, or leaves tensors of the file out; DamagedModel
 */
export async function buildModel(
  facts: Pick<Model, 'file' | 'sha256' | 'format' | 'producer'>,
  shown: string,
  weights: Weights,
  architecture: Architecture,
): Promise<Model> {
  const c = new BuildContext(shown, weights);
  const { dims, isIndices } = inputOf(c, architecture);
  const input = c.graph.input('input', isIndices ? 'int64' : c.type, ['N', ...dims]);
  if (isIndices) c.indices = input;
  c.isOpen = architecture.input?.includes(null) === true;
  const output = buildLayers(c, { name: input, dims }, architecture.layers);
  const { unused: said = [] } = architecture;
  const unused = c.unused().filter((name) => !said.some((pattern) => isNamedBy(pattern, name)));
  if (unused.length > 0) {
    const more = unused.length > mostNames ? ` and ${String(unused.length - mostNames)} others` : '';
    throw architectureFailure(
      shown,
      `no layer uses ${unused.slice(0, mostNames).map(quote).join(', ')}${more}, which belong under "unused" where the model does not use them`,
    );
  }
  const graph = c.graph.finish([
    { name: 'output', value: output.name, type: c.type, dims: ['N', ...output.dims] },
  ]);
  await c.fill();
  const { trained, frozen } = c;
  const paddingRows = Object.fromEntries(c.paddingRows);
  const silent = [...weights.values()].every(({ requiresGrad }) => requiresGrad === null);
  const notes = silent
    ? [
        `The file does not say which of its tensors were trained (requires_grad), so all of them are counted; ${setting('fixed')} leaves out what was frozen.`,
      ]
    : [];
  return builtModel(graph, { ...facts, parameters: { trained, frozen }, paddingRows, notes: () => notes });
}

/** What a sample is: as said, or as the first layer with weights takes it. */
function inputOf(
  c: BuildContext,
  { input, layers }: Architecture,
): { readonly dims: readonly (number | null)[]; readonly isIndices: boolean } {
  const first = firstWith(layers);
  const isIndices = first !== null && 'embedding' in first;
  if (input !== undefined) return { dims: input, isIndices };
  if (isIndices) return { dims: [null], isIndices };
  c.layer = 'its first layer';
  const width = (name: string): number | null => c.tensor(name).dims[1] ?? null;
  if (first !== null && 'linear' in first)
    return { dims: [width(first.weight ?? named(first.linear, 'weight'))], isIndices };
  if (first !== null && 'conv' in first) {
    const [, into = 1, ...kernel] = c.tensor(named(first.conv, 'weight')).dims;
    return { dims: [into * (first.groups ?? 1), ...kernel.map(() => null)], isIndices };
  }
  if (first !== null && 'convTranspose' in first) {
    const [into = 1, , ...kernel] = c.tensor(named(first.convTranspose, 'weight')).dims;
    return { dims: [into, ...kernel.map(() => null)], isIndices };
  }
  for (const kind of ['lstm', 'gru', 'rnn'] as const) {
    const name = first !== null && kind in first ? (first as Readonly<Record<string, unknown>>)[kind] : null;
    if (typeof name === 'string') return { dims: [null, width(named(name, 'weight_ih_l0'))], isIndices };
  }
  throw architectureFailure(
    c.file,
    'its first layer does not tell the shape of a sample; write it as "input"',
  );
}

/** The first layer that has weights. */
function firstWith(layers: readonly Layer[]): Exclude<Layer, string> | null {
  for (const layer of layers) {
    if (typeof layer === 'string') continue;
    return 'residual' in layer ? firstWith(layer.residual) : layer;
  }
  return null;
}
