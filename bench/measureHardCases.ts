// The two networks on which the usual power iteration finds another eigenvalue, in a process of its own. The first argument
// is the folder of case a, the second one for the files that are made; the result goes as JSON to standard output.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { eigenpairs, computeMatrix } from '../src/curvature/exactMatrix';
import { ModelProtoSchema, TensorProtoSchema } from '../src/runtime/onnx/onnx_pb';
import { SeededRandom } from '../src/samples/random';
import { openProducts, readCase, type GraphCase } from './graphCases';
import { searches, type Search } from './search';

export interface HardCase {
  readonly name: 'small weights' | 'shuffled labels';
  /** Of the whole matrix, column by column in float64. */
  readonly lambdaMax: number;
  readonly lambdaMin: number;
  readonly runs: readonly Search[];
}

/** As many as the peers were given. */
const seeds = 10;

async function measured(name: HardCase['name'], graphCase: GraphCase): Promise<HardCase> {
  const products = await openProducts(graphCase, 'float64');
  try {
    const { values: descending } = eigenpairs(await computeMatrix(products, 0, () => undefined));
    return {
      name,
      lambdaMax: descending[0] ?? NaN,
      lambdaMin: descending.at(-1) ?? NaN,
      runs: await searches(products, 0, seeds),
    };
  } finally {
    await products.release();
  }
}

/** Case a with weights of N(0, 0.02²) and biases of 0, as bytes of an ONNX file. */
function withSmallWeights(bytes: Uint8Array): Uint8Array {
  const random = SeededRandom.fromSeed(5);
  const model = fromBinary(ModelProtoSchema, bytes);
  for (const tensor of model.graph?.initializer ?? []) {
    const size = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
    const isWeight = tensor.dims.length === 2;
    const values = Float32Array.from({ length: size }, () => (isWeight ? 0.02 * random.normal() : 0));
    const { name, dims, dataType } = tensor;
    // Little-endian, as every machine that onnxruntime runs on.
    const rawData = new Uint8Array(values.buffer);
    Object.assign(tensor, create(TensorProtoSchema, { name, dims, dataType, rawData }));
  }
  return toBinary(ModelProtoSchema, model);
}

function shuffled(labels: Int32Array): Int32Array {
  const random = SeededRandom.fromSeed(7);
  const permuted = labels.slice();
  for (let last = permuted.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [permuted[last], permuted[other]] = [permuted[other] ?? 0, permuted[last] ?? 0];
  }
  return permuted;
}

async function measure(folder: string, made: string): Promise<readonly HardCase[]> {
  const [modelFile, samplesFile] = [join(folder, 'a.onnx'), join(folder, 'a.npz')];
  const smallFile = join(made, 'small.onnx');
  writeFileSync(smallFile, withSmallWeights(readFileSync(modelFile)));
  const trained = await readCase(modelFile, samplesFile);
  return [
    await measured('small weights', await readCase(smallFile, samplesFile)),
    await measured('shuffled labels', { ...trained, labels: shuffled(trained.labels) }),
  ];
}

const [, , folder = '', made = ''] = process.argv;
void measure(folder, made).then((cases) => {
  process.stdout.write(JSON.stringify(cases));
});
