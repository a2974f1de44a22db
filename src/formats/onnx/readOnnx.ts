import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { refuseOversized } from '../../graph/oversized';
import type { Model, RunnableModel } from '../model';
import { conditionsOfShapes, knownConditions, type Conditions } from './branches';
import { decodeModel, type DecodedModel } from './decode';
import { writeExecutableModel } from './executable';
import { externalLocation, isExternal, readExternalFiles } from './externalData';
import type { GraphProto, NodeProto } from '../../runtime/onnx/onnx_pb';
import { producerName } from './producer';
import { readGraph, type ReadGraph } from './readGraph';
import { subgraphUse } from './subgraphs';
import type { SubgraphUse } from './subgraphs';
import type { OnnxSource } from './tensors';

/** Branches within branches that are put in their place. */
const mostNestedBranches = 8;

/**
 * Reads an ONNX model and the files that its external tensors name.
 * @param path absolute.
 * @param bytes the file.
 * @throws FailureError DamagedModel, UnsupportedStructure, ExternalDataMissing, ExternalDataOutsideFolder, LfsPointer, TooLarge
 */
export async function readOnnx(path: string, bytes: Uint8Array): Promise<Model> {
  const { producer, ...model } = await readRunnable(path, bytes, true);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file: path, sha256, format: 'ONNX', producer, ...model };
}

/** The same, of a model that will not be run: an If on a condition of shapes stays in the graph. */
export async function readOnnxUnrun(path: string, bytes: Uint8Array): Promise<RunnableModel> {
  return readRunnable(path, bytes, false);
}

async function readRunnable(
  path: string,
  bytes: Uint8Array,
  runs: boolean,
): Promise<RunnableModel & Pick<Model, 'producer'>> {
  const file = basename(path);
  const decoded = decodeModel(bytes, file, false);
  const { model, graph: whole } = decoded;
  const subgraphs = new Map(whole.node.map((node) => [node, subgraphUse(node, file)]));
  const locations = externalLocations(whole, subgraphs, file);
  const source = { file, externalFiles: await readExternalFiles(path, file, locations) };
  let conditions: Conditions = new Map();
  let read = readDecoded(decoded, source);
  for (let depth = 0; runs && depth < mostNestedBranches; depth++) {
    const open = conditionsOfShapes(read.graph).filter((name) => !conditions.has(name));
    const { order } = read;
    const known = await knownConditions(read.graph, open, (outputs) =>
      writeExecutableModel(bytes, order, outputs, source, conditions),
    );
    if (known.size === 0) break;
    conditions = new Map([...conditions, ...known]);
    read = readDecoded(decodeModel(bytes, file, false, conditions), source);
  }
  const { graph, order } = read;
  refuseOversized(graph);
  return {
    producer: producerName(model),
    graph,
    executable: (outputs) => writeExecutableModel(bytes, order, outputs, source, conditions),
  };
}

function readDecoded(decoded: DecodedModel, source: OnnxSource): ReadGraph {
  return readGraph(decoded, (node) => subgraphUse(node, source.file).captured, source);
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
