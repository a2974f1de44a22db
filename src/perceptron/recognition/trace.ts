import type { Graph, GraphNode, TensorSpec } from '../../graph/graph';
import { quoted } from '../../formats/quoted';
import { FailureError } from '../../report/failure';
import { foldConstants } from './folding';
import { obstacle, unknownOperator } from './obstacle';
import { applyRule } from './operators';
import type { Constant, Features, InputStage, Value } from './values';

/** What every tensor that an output depends on means for a perceptron. */
export interface Trace {
  readonly value: Value;
  readonly values: ReadonlyMap<string, Value>;
  readonly input: TensorSpec | null;
  readonly notes: readonly string[];
}

/** The nodes that `output` depends on, in the graph's (topological) order. */
function nodesBefore(graph: Graph, output: string): readonly GraphNode[] {
  const producer = new Map<string, GraphNode>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') producer.set(name, node);
  const needed = new Set<GraphNode>();
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = producer.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input !== '') waiting.push(input);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** Control flow and recurrence are named before anything else that would not fit either. */
const hopeless = new Set(['If', 'Loop', 'Scan', 'LSTM', 'GRU', 'RNN']);

function samplesOf(input: TensorSpec): Features<InputStage> {
  const dims = input.dims?.slice(1).map((size) => (typeof size === 'number' ? size : null)) ?? null;
  return {
    kind: 'features',
    type: input.type,
    dims,
    order: null,
    stage: { kind: 'input', scale: 1, shift: 0 },
    node: null,
  };
}

/** Follows the graph from its inputs to `output`, node by node; a FailureError names the first node that does not fit. */
export function traceOutput(graph: Graph, output: string): Trace {
  const values = new Map<string, Value>();
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const notes = new Set<string>();
  const samples: { input: TensorSpec | null } = { input: null };
  let initialiserNumbers = 0;
  for (const tensor of graph.initialisers.values()) initialiserNumbers += tensor.data.length;
  const budget = { numbers: 8 * initialiserNumbers + 100_000 };

  const valueOf = (name: string, node: GraphNode | null): Value => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const tensor = graph.initialisers.get(name);
    if (tensor !== undefined) return { kind: 'constant', tensor, initialiser: name } satisfies Constant;
    const input = inputs.get(name);
    if (input === undefined) {
      const message =
        'depends on something that another node does not pass on as features (a mask, an index, a state)';
      if (node !== null) throw obstacle(node, message);
      throw new FailureError(
        'UnsupportedStructure',
        `The tensor ${quoted(name)} is not computed by the graph.`,
      );
    }
    if (samples.input !== null && node !== null)
      throw obstacle(
        node,
        `takes a second input of the graph, ${quoted(name)} beside ${quoted(samples.input.name)}`,
      );
    if (input.dims?.length === 0 && node !== null)
      throw obstacle(node, `takes the input ${quoted(name)}, a single number that belongs to no sample`);
    samples.input = input;
    const features = samplesOf(input);
    values.set(name, features);
    return features;
  };

  const nodes = nodesBefore(graph, output);
  const first = nodes.find(({ operator, domain }) => domain === '' && hopeless.has(operator));
  if (first !== undefined) throw unknownOperator(first);
  for (const node of nodes) {
    const step = {
      graph,
      node,
      opset: graph.opsets.get(node.domain) ?? 1,
      inputs: node.inputs.map((name) => (name === '' ? null : valueOf(name, node))),
      fixedBatch: fixedBatchOf(samples.input),
      budget,
      notes,
    };
    const constant = step.inputs.every(
      (value) =>
        value === null || value.kind === 'constant' || value.kind === 'unknown' || value.kind === 'shape',
    );
    const results = constant ? node.outputs.map(() => foldConstants(step)).slice(0, 1) : applyRule(step);
    results.forEach((value, i) => {
      const name = node.outputs[i];
      if (name !== undefined && name !== '') values.set(name, value);
    });
    if (constant)
      for (const name of node.outputs.slice(1)) if (name !== '') values.set(name, { kind: 'unknown', node });
  }
  return { value: valueOf(output, null), values, input: samples.input, notes: [...notes] };
}

function fixedBatchOf(input: TensorSpec | null): number | null {
  const first = input?.dims?.[0];
  return typeof first === 'number' ? first : null;
}
