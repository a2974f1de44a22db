import type { AnalysisRequest } from './request';
import type { LayerReport } from './report';

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
  readonly of: { readonly kind: 'layer'; readonly layer: Pick<LayerReport, 'name' | 'outputs'> };
}

/** What no report holds, since it takes the files themselves. */
export type Detail = LayerDetail;

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

/** What came of looking: a refusal is one sentence for a person. */
export type DetailAnswer =
  { readonly ok: true; readonly detail: Detail } | { readonly ok: false; readonly refusal: string };
