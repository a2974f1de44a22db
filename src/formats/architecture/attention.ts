import type { LayerOf, PlainLayer } from '../../report/architecture';
import { shapeText, type BuildContext, type Flow } from './buildContext';
import { layerNorm, linear, named } from './dense';

/** Far enough below every score that its exponential is 0. */
const never = -1e30;

/** Attention of a sequence to itself: queries, keys and values one behind another in what it gets. */
export function attention(c: BuildContext, x: Flow, heads: number, causal: boolean, scope: string): Flow {
  const { graph } = c;
  const [length = null, three = null] = x.dims;
  if (x.dims.length !== 2 || three === null || three % (3 * heads) !== 0)
    throw c.misfit(
      `needs queries, keys and values for ${String(heads)} heads one behind another, but gets ${shapeText(x.dims)}`,
    );
  const width = three / 3;
  const parts = graph.addNode(
    'Split',
    [x.name, graph.integers([width, width, width])],
    3,
    { axis: -1 },
    scope,
  );
  const [query = '', key = '', value = ''] = parts.map((part, i) => {
    const split = graph.add('Reshape', [part, graph.integers([0, 0, heads, width / heads])], {}, scope);
    return graph.add('Transpose', [split], { perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3] }, scope);
  });
  // The root is taken in the precision of the analysis.
  const scale = graph.add('Sqrt', [c.number(width / heads)], {}, scope);
  const scaled = graph.add('Div', [graph.add('MatMul', [query, key], {}, scope), scale], {}, scope);
  const scores = causal ? graph.add('Add', [scaled, before(c, length)], {}, scope) : scaled;
  const seen = graph.add('MatMul', [graph.add('Softmax', [scores], { axis: -1 }, scope), value], {}, scope);
  const ordered = graph.add('Transpose', [seen], { perm: [0, 2, 1, 3] }, scope);
  const name = graph.add('Reshape', [ordered, graph.integers([0, 0, width])], {}, scope);
  return { name, dims: [length, width] };
}

/** Added to the scores, so that a place sees none behind it. */
function before(c: BuildContext, length: number | null): string {
  if (length === null)
    throw c.misfit('hides later places, and needs the length of a sample as "input", such as [128]');
  const mask = Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? never : 0,
  );
  return c.floats('causal', [length, length], mask);
}

/** PyTorch's nn.TransformerEncoderLayer, the samples first. */
export function transformerEncoderLayer(
  c: BuildContext,
  x: Flow,
  layer: LayerOf<'transformerEncoderLayer'>,
  activate: (c: BuildContext, x: Flow, word: PlainLayer) => Flow,
): Flow {
  const own = layer.transformerEncoderLayer;
  const at = (name: string): string => named(own, name);
  const add = (a: Flow, b: Flow): Flow => ({
    name: c.graph.add('Add', [a.name, b.name], {}, own),
    dims: a.dims,
  });
  const attend = (flow: Flow): Flow => {
    const mixed = linear(c, flow, at('self_attn.in_proj_weight'), at('self_attn.in_proj_bias'), own);
    const seen = attention(c, mixed, layer.heads, false, own);
    return linear(c, seen, at('self_attn.out_proj.weight'), at('self_attn.out_proj.bias'), own);
  };
  const feed = (flow: Flow): Flow => {
    const wide = linear(c, flow, at('linear1.weight'), at('linear1.bias'), own);
    const active = activate(c, wide, layer.activation ?? 'relu');
    return linear(c, active, at('linear2.weight'), at('linear2.bias'), own);
  };
  const norm = (flow: Flow, which: string): Flow => layerNorm(c, flow, at(which), layer.eps);
  if (layer.normFirst === true) {
    const seen = add(x, attend(norm(x, 'norm1')));
    return add(seen, feed(norm(seen, 'norm2')));
  }
  const seen = norm(add(x, attend(x)), 'norm1');
  return norm(add(seen, feed(seen)), 'norm2');
}
