import type { Evaluation } from '../analysis/evaluate';
import type { ToldFailure } from '../report/cutShort';
import type { Detail, DetailRequest } from '../report/detail';
import type { Report } from '../report/report';
import type {
  AnalysisRequest,
  LayersToTry,
  LayersTrial,
  ModelInspection,
  ModelToInspect,
  Progress,
} from '../report/request';

/**
 * What the worker process does for its host: the one place where a method is declared. The types of the client, of the
 * server and of every message are derived from it. A method takes one structured-clonable argument and may report
 * progress while it runs.
 */
export interface WorkerApi {
  analyse(request: AnalysisRequest): Promise<Report>;
  /** What forward passes alone tell of a model. */
  evaluate(request: AnalysisRequest): Promise<Evaluation>;
  inspect(model: ModelToInspect): Promise<ModelInspection>;
  tryLayers(layers: LayersToTry): Promise<readonly LayersTrial[]>;
  /** Of a layer or sample of a report that was made before. */
  detail(wanted: DetailRequest): Promise<Detail>;
}

export const methods = [
  'analyse',
  'evaluate',
  'inspect',
  'tryLayers',
  'detail',
] as const satisfies readonly (keyof WorkerApi)[];

export type Method = keyof WorkerApi;
export type Argument = { [M in Method]: Parameters<WorkerApi[M]>[0] };
export type Value = { [M in Method]: Awaited<ReturnType<WorkerApi[M]>> };

export type ProgressListener = (progress: Progress) => void;

/** Hands over what ends one stage of a call, by its name, and lets the call go on with the next. */
export type WhenSkippable = (skip: (stage: string) => void) => void;

/** The server's side: one handler for each method; what it throws becomes the answer's Failure. */
export type WorkerHandlers = {
  [M in Method]: (
    argument: Argument[M],
    onProgress: ProgressListener,
    whenSkippable: WhenSkippable,
  ) => Promise<Value[M]>;
};

/** Host to worker. `id` is chosen by the client and comes back with every message about this call. */
export interface Call<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly argument: Argument[M];
}

/** Host to worker: the user wants no more of a stage of the call. */
export interface Skip {
  readonly id: number;
  readonly skip: string;
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ToldFailure };

/** Worker to host: any number of progress messages, then exactly one result. */
export type Answer =
  | { readonly id: number; readonly type: 'progress'; readonly progress: Progress }
  | { readonly id: number; readonly type: 'result'; readonly result: Result<unknown> };

export function failedResponse(error: ToldFailure): Result<never> {
  return { ok: false, error };
}
