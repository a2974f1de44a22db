import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { refuseOversized } from '../../graph/oversized';
import type { Model } from '../model';
import { decodeModel } from './decode';
import { executableModel } from './executable';
import { externalLocation, isExternal, readExternalFiles } from './externalData';
import type { GraphProto, NodeProto } from '../../runtime/onnx/onnx_pb';
import { producerName } from './producer';
import { readGraph } from './readGraph';
import { subgraphUse } from './subgraphs';
import type { SubgraphUse } from './subgraphs';

/**
 * Reads an ONNX model and the files that its external tensors name.
 * @param path absolute.
 * @param bytes the file.
 * @throws FailureError DamagedModel, UnsupportedStructure, ExternalDataMissing, ExternalDataOutsideFolder, LfsPointer, TooLarge
 */
export async function readOnnx(path: string, bytes: Uint8Array): Promise<Model> {
  const file = basename(path);
  const decoded = decodeModel(bytes, file, false);
  const subgraphs = new Map(decoded.graph.node.map((node) => [node, subgraphUse(node, file)]));
  const locations = externalLocations(decoded.graph, subgraphs, file);
  const externalFiles = await readExternalFiles(path, file, locations);
  const source = { file, externalFiles };
  const { graph, order } = readGraph(decoded, (node) => subgraphs.get(node)?.captured ?? [], source);
  refuseOversized(graph);
  return {
    file: path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    format: 'ONNX',
    producer: producerName(decoded.model),
    graph,
    executable: (outputs) => executableModel(bytes, order, outputs, source),
  };
}

function externalLocations(
  graph: GraphProto,
  subgraphs: ReadonlyMap<NodeProto, SubgraphUse>,
  file: string,
): ReadonlySet<string> {
  const tensors = [
    ...graph.initializer,
    ...graph.node.flatMap((node) => node.attribute.flatMap((attribute) => attribute.t ?? [])),
    ...[...subgraphs.values()].flatMap((use) => use.tensors),
  ];
  return new Set(tensors.filter(isExternal).map((tensor) => externalLocation(tensor, file)));
}
