import { createHash } from 'node:crypto';
import { FailureError } from '../../report/failure';
import type { Graph, GraphNode } from '../../graph/graph';
import { openRandomAccessFile, type RandomAccessFile } from '../../files/randomAccess';
import { quote } from '../../files/quote';
import { readZipDirectory, readZipEntry } from '../../files/zip';
import { builtModel } from '../built/builtModel';
import { GraphBuilder } from '../built/graphBuilder';
import type { Model } from '../model';
import { Config } from './config';
import { Hdf5 } from './hdf5';
import type { Network } from './layerCall';
import { buildModel, customFailure, modelClasses, runLayer } from './network';
import { penaltyNotes, trainingSaid } from './said';
import { archiveWeights, legacyWeights, type Weights } from './weights';

/** Configurations are text: the largest that Keras's own models have are below 1 MB. */
const largestConfig = 64 * 1024 ** 2;
const largestWeights = 2 ** 31 - 1;

/** What both layouts come to. */
interface Stored {
  readonly sha256: string;
  readonly version: string | null;
  readonly config: Config;
  /** How the model was compiled, or null. */
  readonly compiled: unknown;
  readonly weights: Weights;
}

/**
 * Reads a `.keras` archive, Keras 3's or Keras 2.13's.
 * @param path absolute
 * @throws FailureError DamagedModel, UnsupportedFormat, UnsupportedStructure, TooLarge
 */
export async function readKeras(path: string): Promise<Model> {
  return modelOf(path, 'Keras archive', async (file) => {
    const entries = new Map((await readZipDirectory(file)).map((entry) => [entry.name, entry]));
    const read = async (name: string, limit: number): Promise<Uint8Array> => {
      const entry = entries.get(name);
      if (entry === undefined)
        throw new FailureError(
          'UnsupportedFormat',
          `${quote(file.name)} has no ${name}; load it in Keras and save it again as a .keras file with one file of weights.`,
        );
      return readZipEntry(file, entry, limit);
    };
    const config = parseJson(file.name, await read('config.json', largestConfig));
    const metadata = entries.has('metadata.json')
      ? parseJson(file.name, await read('metadata.json', largestConfig))
      : null;
    const bytes = await read('model.weights.h5', largestWeights);
    const owner = `The model of ${quote(file.name)}`;
    return {
      sha256: await hashOf(file),
      version: new Config(metadata, owner).text('keras_version', '3'),
      config: new Config(config, owner),
      compiled: new Config(config, owner).value('compile_config'),
      weights: archiveWeights(new Hdf5(file.name, bytes), ''),
    };
  });
}

/**
 * Reads a model that Keras saved as one HDF5 file, its configuration and training in attributes.
 * @param path absolute
 * @throws FailureError DamagedModel, UnsupportedFormat, UnsupportedStructure, TooLarge
 */
export async function readKerasHdf5(path: string): Promise<Model> {
  return modelOf(path, 'Keras HDF5', async (file) => {
    if (file.size > largestWeights)
      throw new FailureError(
        'TooLarge',
        `${quote(file.name)} has ${file.size.toLocaleString('en')} bytes, more than the 2 GiB that are read; save it without its optimizer.`,
      );
    const bytes = await file.read(0, file.size);
    const hdf5 = new Hdf5(file.name, bytes);
    const root = hdf5.open('');
    const config = root?.text('model_config')?.[0];
    if (config === undefined)
      throw new FailureError(
        'UnsupportedFormat',
        `${quote(file.name)} holds weights without their model (no "model_config"); load them into the model in Keras, call model.save("model.keras") and analyse that file.`,
      );
    const training = root?.text('training_config')?.[0];
    const versions = root?.text('keras_version') ?? hdf5.open('model_weights')?.text('keras_version');
    return {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      version: versions?.[0] ?? '2',
      config: new Config(parseJson(file.name, config), `The model of ${quote(file.name)}`),
      compiled: training === undefined ? null : parseJson(file.name, training),
      weights: legacyWeights(hdf5),
    };
  });
}

async function modelOf(
  path: string,
  format: string,
  read: (file: RandomAccessFile) => Promise<Stored>,
): Promise<Model> {
  const file = await openRandomAccessFile(path);
  try {
    const { sha256, version, config, compiled, weights } = await read(file);
    const className = config.text('class_name');
    if (!modelClasses.has(className)) throw customFailure(file.name, className, true, null);
    const network: Network = {
      builder: new GraphBuilder(),
      file: file.name,
      keras: version?.startsWith('3') === true ? 3 : 2,
      type: 'float32',
      trained: new Set(),
      frozen: new Set(),
      indices: new Set(),
      masked: new Map(),
      layers: [],
      notes: [],
      run: runLayer,
    };
    const inner = new Config(modelConfig(config), `The model of ${quote(file.name)}`);
    const isTrained = inner.flag('trainable', true);
    const outputs = buildModel(network, { className, config: inner, weights, prefix: '', isTrained }, null);
    if (outputs.some(({ value }) => network.masked.has(value)))
      network.notes.push(
        'Keras leaves the steps that a mask covers (mask_zero of an Embedding) out of its loss; here they count unless their labels are left out.',
      );
    const graph = network.builder.finish(
      outputs.map(({ name, value }) => ({
        name,
        value: value.name,
        type: network.type,
        dims: ['N', ...value.dims.slice(1)],
      })),
    );
    const { trained, frozen } = network;
    const others = [...penaltyNotes(network.layers), ...network.notes];
    const { notes, ...said } = trainingSaid(compiled, headOf(graph), others);
    return builtModel(graph, {
      file: path,
      sha256,
      format,
      producer: version === null ? null : `Keras ${version}`,
      parameters: { trained, frozen },
      said,
      notes: () => notes,
    });
  } catch (error) {
    // Of lists within lists without end in the configuration.
    if (!(error instanceof RangeError)) throw error;
    throw new FailureError(
      'DamagedModel',
      `${quote(file.name)} is damaged: its configuration is nested too deeply; copy the file or save the model again.`,
      error.message,
    );
  } finally {
    await file.close();
  }
}

/** What the first output ends in. */
function headOf({ nodes, outputs }: Graph): 'softmax' | 'sigmoid' | 'none' {
  const producer = (name: string | undefined): GraphNode | undefined =>
    nodes.find((node) => name !== undefined && node.outputs.includes(name));
  const last = producer(producer(outputs[0]?.name)?.inputs[0])?.operator;
  return last === 'Softmax' ? 'softmax' : last === 'Sigmoid' ? 'sigmoid' : 'none';
}

/** Keras before 2.3 listed a Sequential model's layers without anything around them. */
function modelConfig(config: Config): unknown {
  const inner = config.value('config');
  return Array.isArray(inner) ? { layers: inner as unknown } : inner;
}

function parseJson(file: string, text: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text));
  } catch (error) {
    throw new FailureError(
      'DamagedModel',
      `${quote(file)} is damaged: its configuration is no JSON; copy the file or save the model again.`,
      error instanceof Error ? error.message : null,
    );
  }
}

async function hashOf(file: RandomAccessFile): Promise<string> {
  const hash = createHash('sha256');
  const step = 2 ** 24;
  for (let at = 0; at < file.size; at += step)
    hash.update(await file.read(at, Math.min(step, file.size - at)));
  return hash.digest('hex');
}
