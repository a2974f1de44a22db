import type { AnalysisRequest } from './request';
import type { LayerReport, SamplePicture } from './report';

/** What of a report a person looks into: a layer by its place in the report, a sample by its place in its file. */
export interface DetailOf {
  readonly kind: 'layer' | 'sample';
  readonly index: number;
}

/** The same for the worker, which reads the files again. */
export interface DetailRequest {
  readonly request: AnalysisRequest;
  /** Of the model file that the report was made from. */
  readonly sha256: string;
  readonly of:
    | { readonly kind: 'layer'; readonly layer: Pick<LayerReport, 'name' | 'outputs'> }
    | { readonly kind: 'sample'; readonly index: number };
}

/** What no report holds, since it takes the files themselves. */
export type Detail = LayerDetail | SampleDetail;

/** A layer's own numbers. */
export interface LayerDetail {
  readonly kind: 'layer';
  /** The weight first. */
  readonly tensors: readonly TensorDetail[];
  readonly weight: WeightMatrix;
  /** null: the weight has one row or column, or is too large. */
  readonly singularValues: SingularValues | null;
}

/** A tensor of the file in numbers. */
export interface TensorDetail {
  readonly name: string;
  readonly shape: readonly number[];
  /** √Σw², the Frobenius norm of a matrix. */
  readonly norm: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
  readonly zeros: number;
}

/** A weight as a matrix, drawn in few enough cells. */
export interface WeightMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Whether its rows are known to be the layer's outputs; else it lies as in the file. */
  readonly ofOutputs: boolean;
  /** Numbers of the weight along each side of a cell; 1: every number is a cell. */
  readonly cell: readonly [rows: number, columns: number];
  /** Row after row of cells: of each the number that is furthest from 0. */
  readonly values: readonly (readonly number[])[];
}

export interface SingularValues {
  /** The largest first. */
  readonly values: readonly number[];
  /** How many there are; where these are more, only the largest were found, to six digits. */
  readonly count: number;
}

/** A sample with what the model makes of it. */
export interface SampleDetail {
  readonly kind: 'sample';
  readonly inputs: readonly InputDetail[];
  /** Classes; null where no single one is meant. */
  readonly label: number | null;
  readonly predicted: number | null;
  /** What its target says, number by number, where that is no class; only the first of many. */
  readonly target: readonly number[];
  /** As the report has it: the mean over its predictions, where it has several. */
  readonly loss: number;
  /** The largest outputs of its only prediction first; none where it has several. */
  readonly outputs: readonly OutputDetail[];
  readonly outputCount: number;
  /** Of the squared norm of the gradient of its own loss, by layer; null where that is 0, or could not be found. */
  readonly gradient: { readonly norm: number; readonly shares: readonly LayerShare[] } | null;
}

export interface InputDetail {
  readonly name: string;
  /** Of the sample, scaled as the analysis took them. */
  readonly dims: readonly number[];
  readonly picture: SamplePicture | null;
  /** Of a larger picture only every so many-th pixel is drawn; 1: every one. */
  readonly every: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
  /** The first of them, row-major. */
  readonly values: readonly number[];
}

export interface OutputDetail {
  readonly index: number;
  readonly value: number;
  /** Of a softmax, or a sigmoid; null where the loss takes no probabilities. */
  readonly probability: number | null;
}

export interface LayerShare {
  readonly layer: string;
  readonly share: number;
}

/** What came of looking: a refusal is one sentence for a person. */
export type DetailAnswer =
  { readonly ok: true; readonly detail: Detail } | { readonly ok: false; readonly refusal: string };
