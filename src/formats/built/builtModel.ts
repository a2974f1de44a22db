import type { Graph } from '../../graph/graph';
import { refuseOversized } from '../../graph/oversized';
import type { Model } from '../model';
import { writeGraph } from './writeGraph';

/**
 * A model whose file holds no ONNX: its Graph, built by the format's reader, is what onnxruntime runs.
 * @throws FailureError TooLarge
 */
export function builtModel(graph: Graph, facts: Omit<Model, 'graph' | 'executable'>): Model {
  refuseOversized(graph);
  return { ...facts, graph, executable: (outputs) => writeGraph(graph, outputs) };
}
