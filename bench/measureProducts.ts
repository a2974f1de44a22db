// One case of the general method in a process of its own: what to measure comes as JSON in the first argument, the result
// goes as JSON to standard output.
import { performance } from 'node:perf_hooks';
import type { HessianProducts } from '../src/autodiff/hessianProducts';
import type { Float32Products } from '../src/curvature/products';
import { findSubject, noSubjectChoice } from '../src/subject/subject';
import { groupLayers } from '../src/subject/layers';
import { matrixModel } from '../src/runtime/matrixProducts';
import { Session } from '../src/runtime/session';
import { SeededRandom } from '../src/samples/random';
import { openProducts, readCase, type GraphCase } from './graphCases';
import { median } from './median';
import { precision, searches, type Search } from './search';
import { betterKernels, TorchProcess, type TorchFacts } from './torchProcess';

export interface ProductsWanted {
  /** As torchModels.py knows it. */
  readonly name: string;
  readonly modelFile: string;
  readonly samplesFile: string;
  readonly classes: number;
  /** An interpreter with PyTorch, or null for none. */
  readonly python: string | null;
  readonly rounds: number;
  /** Samples in a batch of PyTorch’s second form. */
  readonly torchBatch: number;
  /** Lanczos runs to the certificate, each with its own seed. */
  readonly certificates: number;
}

export interface ProductsMeasured {
  readonly samples: number;
  readonly parameters: number;
  /** Of the batches, those whose residuals are kept from product to product. */
  readonly keptShare: number;
  /** Relative error of the float32 products, as the analysis measures it. */
  readonly productError: number;
  /** Median seconds of one product. */
  readonly seconds: number;
  /** Reading, differentiating, proving: once for a model. */
  readonly openingSeconds: number;
  /** Of the whole process until its first product, bytes. */
  readonly peakMemory: number;
  /** onnxruntime's float32 MatMul alone, multiply-adds per second, the better one of two sizes. */
  readonly runtimeRate: number;
  readonly torch: {
    readonly version: string;
    /** All samples at once. */
    readonly seconds: number;
    readonly batchedSeconds: number;
    /** One pass forward and back, all samples at once. */
    readonly gradientSeconds: number;
    /** For which processor OpenBLAS chose its kernels; null where it is not what multiplies. */
    readonly kernels: string | null;
    /** All samples at once with faster kernels, which OpenBLAS takes when it is told to; null where it took them. */
    readonly told: {
      readonly kernels: string;
      readonly seconds: number;
      readonly gradientSeconds: number;
    } | null;
    /** Operations that no product with kept activations can do without. */
    readonly leastWork: number;
    /** The largest relative difference in loss, ‖Hθ‖ and θᵀHθ, ours in float32 too. */
    readonly difference: number;
  } | null;
  /** Null where no run was asked for. */
  readonly search: {
    readonly precision: 'float32' | 'float64';
    readonly runs: readonly Search[];
  } | null;
}

const matrixSizes = [1024, 2048] as const;

/** A float32 MatMul of square matrices, as a session with its feeds. */
async function matMul(size: number): Promise<() => Promise<unknown>> {
  const bytes = matrixModel('float32', 'MatMul');
  const session = await Session.open({ bytes, externalData: [] }, 1);
  const tensor = {
    dims: [size, size],
    data: Float32Array.from({ length: size * size }, (_, at) => Math.sin(at)),
  };
  return () => session.run({ a: tensor, b: tensor });
}

/** Waits for the interpreter; null after saying why it does not run. */
async function torchFor(
  { python, name, samplesFile, torchBatch }: ProductsWanted,
  kernels: string | null = null,
): Promise<TorchProcess | null> {
  if (python === null) return null;
  try {
    return await TorchProcess.start(python, name, samplesFile, torchBatch, kernels);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `Skipped PyTorch: ${python} does not run (${reason}); MODEL_SHARPNESS_PYTHON names a Python with it.`,
    );
    return null;
  }
}

function singlesOf({ float32 }: HessianProducts): Float32Products {
  if (float32 === null) throw new Error('The products are made in float64.');
  return float32;
}

const forms = ['whole', 'batches', 'gradient'] as const;

function noTimes(): Record<(typeof forms)[number], number[]> {
  return { whole: [], batches: [], gradient: [] };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function measure(wanted: ProductsWanted): Promise<ProductsMeasured> {
  const start = performance.now();
  const graphCase = await readCase(wanted.modelFile, wanted.samplesFile, wanted.classes);
  const products = await openProducts(graphCase, 'float32');
  const openingSeconds = (performance.now() - start) / 1000;
  const torch = await torchFor(wanted);
  const kernels = torch === null ? null : betterKernels(torch.facts);
  const told = kernels === null ? null : await torchFor(wanted, kernels);
  const random = SeededRandom.fromSeed(1);
  // As Lanczos takes them, and as PyTorch's are: vectors of float32, the image written into the same memory.
  const vector = Float32Array.from({ length: products.order }, () => random.normal());
  const image = new Float32Array(products.order);
  const multiply = (): Promise<void> => singlesOf(products).multiply(vector, image);
  await multiply();
  const peakMemory = 1024 * process.resourceUsage().maxRSS;
  const multiplications = await Promise.all(matrixSizes.map(matMul));
  const works = [multiply, ...multiplications];
  for (const work of works) await work();
  const peers = [torch, told].map((process) => (process === null ? null : { process, times: noTimes() }));
  for (const peer of peers) for (const form of forms) await peer?.process.seconds(form);
  const times: number[][] = works.map(() => []);
  // One of each in turn, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < wanted.rounds; round++) {
    for (const [index, work] of works.entries()) {
      times[index]?.push(await secondsOf(work));
    }
    for (const peer of peers) {
      for (const form of forms) peer?.times[form].push(await peer.process.seconds(form));
    }
  }
  const [own, faster] = peers.map((peer) => peer?.times ?? noTimes());
  await torch?.end();
  await told?.end();
  const [seconds = NaN, ...matMulSeconds] = times.map(median);
  const rates = matrixSizes.map((size, index) => size ** 3 / (matMulSeconds[index] ?? NaN));
  const difference = torch === null ? NaN : await differenceTo(torch.facts, graphCase, products);
  const search = wanted.certificates === 0 ? null : await searched(graphCase, products, wanted.certificates);
  await products.release();
  return {
    samples: graphCase.samples.count,
    parameters: products.order,
    keptShare: products.keptShare,
    productError: products.measured.productError,
    seconds,
    openingSeconds,
    peakMemory,
    runtimeRate: Math.max(...rates),
    torch: torch && {
      version: torch.facts.version,
      seconds: median(own!.whole),
      batchedSeconds: median(own!.batches),
      gradientSeconds: median(own!.gradient),
      kernels: torch.facts.kernels,
      told:
        kernels === null || told === null
          ? null
          : { kernels, seconds: median(faster!.whole), gradientSeconds: median(faster!.gradient) },
      leastWork: torch.facts.leastWork,
      difference,
    },
    search,
  };
}

/** What does not depend on the order of the parameters nor on their layout. */
async function differenceTo(
  facts: TorchFacts,
  { model }: GraphCase,
  products: HessianProducts,
): Promise<number> {
  const { graph, parameters } = findSubject(model, noSubjectChoice);
  const ordered = groupLayers(graph, parameters, () => null).flatMap((layer) => layer.parameters);
  const weights = Float64Array.from(
    ordered.flatMap(({ tensor }) => Array.from<number | bigint, number>(tensor.data, Number)),
  );
  const image = await products.multiply(weights);
  const inner = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
  const norm = Math.sqrt(inner(image, image));
  const size = Math.sqrt(inner(weights, weights)) * norm;
  return Math.max(
    Math.abs(products.meanLoss / facts.loss - 1),
    Math.abs(norm / facts.norm - 1),
    Math.abs(inner(weights, image) - facts.curvature) / size,
  );
}

/** Lanczos from as many starts until λ_max is certified, in float32 where its error allows an interval that narrow. */
async function searched(
  graphCase: GraphCase,
  products: HessianProducts,
  runs: number,
): Promise<ProductsMeasured['search']> {
  const { productError } = products.measured;
  if (productError <= precision / 10) {
    return { precision: 'float32', runs: await searches(products, productError, runs) };
  }
  const exact = await openProducts(graphCase, 'float64');
  try {
    return { precision: 'float64', runs: await searches(exact, 0, runs) };
  } finally {
    await exact.release();
  }
}

void measure(JSON.parse(process.argv[2] ?? '') as ProductsWanted).then((measured) => {
  process.stdout.write(JSON.stringify(measured));
});
