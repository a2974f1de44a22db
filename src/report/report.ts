import type { InferOutput } from 'valibot';
import type { printedReportSchema, reportSchema } from './schema';

/** The types of a report and its parts, by name; `schema.ts` says what each field means. */

export type Report = InferOutput<typeof reportSchema>;

/** Whole, or what was known when the time limit ended the analysis. */
export type PrintedReport = InferOutput<typeof printedReportSchema>;

/** What is known so far while an analysis runs. */
export type PartialReport = Partial<Report>;

export type ModelFacts = Report['model'];
export type SampleFacts = Report['samples'];
export type Loss = Report['loss'];
export type LossOptions = Report['lossOptions'];
export type Method = Report['method'];
export type AnalysisFacts = Report['analysis'];
/** What a computation takes, predicted from the shapes alone. */
export type Cost = AnalysisFacts['cost'];

/** A number with its evidence: `standardError` is 0 where the value is exact to float64 rounding. */
export type Quantity = Report['trace'];
export type Bounds = Report['bounds'];
export type Interval = Bounds['lambdaMin'];
export type EigenvalueBound = Bounds['eigenvalues'][number];

/** What an estimate tells of its errors. */
export type EstimateFacts = NonNullable<Report['estimate']>;
/** The 95 % intervals of an estimate's numbers, cut off where the truth cannot lie. */
export type EstimateIntervals = EstimateFacts['intervals'];
/** Between these ends a number lies. */
export type Range = EstimateIntervals['trace'];
export type GaussNewton = NonNullable<Report['gaussNewton']>;

export type LayerReport = Report['layers'][number];
export type TopSample = NonNullable<Report['topSamples']>[number];
/** A sample in a list, without its picture. */
export type SampleShare = NonNullable<LayerReport['sharpestSamples']>[number];
export type SamplePicture = NonNullable<TopSample['picture']>;

export type Sharpness = NonNullable<Report['sharpness']>;
/** An interval that holds an extreme eigenvalue of the Hessian. */
export type EigenvalueInterval = Sharpness['lambdaMin'];
/** One of the largest eigenvalues. */
export type LargeEigenvalue = NonNullable<Report['eigenvalues']>[number];
/** What a move of the weights costs. */
export type Response = NonNullable<Report['response']>;
/** The loss along a direction. */
export type Plane = NonNullable<Report['plane']>;
export type Slice = NonNullable<Report['slices']>[number];
/** How a model is trained. */
export type Training = NonNullable<Report['training']>;
export type Verdict = NonNullable<Report['verdict']>;
/** The distribution of the Hessian's eigenvalues. */
export type Spectrum = NonNullable<Report['spectrum']>;
export type Warning = Report['warnings'][number];
