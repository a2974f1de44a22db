import { nothingSaid, computationDefaults, type Said } from '../report/form';
import { changeShapes, type ShapeChanges } from '../report/inputShapes';
import {
  defaultRandomCount,
  noOptions,
  type ComputationChoice,
  type RequestOptions,
  type SampleSource,
} from '../report/request';

/** What has been said of the runs of one model, in its sidecar and since: the next run follows it. */
export class Wishes {
  source: SampleSource | null = null;
  /** What the sidecar says, when it was last read. */
  written: RequestOptions = noOptions;
  /** What was said since, to be written there once a run has succeeded. */
  said: Partial<RequestOptions> = {};
  computation: ComputationChoice;

  constructor(computation: ComputationChoice) {
    this.computation = computation;
  }

  /** As a form shows it. */
  get all(): Said {
    const { source, written, said, computation } = this;
    const keys = source?.kind === 'file' ? { inputs: source.inputs, labels: source.labels } : {};
    return { ...nothingSaid, ...written, ...keys, ...said, ...computation };
  }

  add(wish: Partial<Said & Pick<RequestOptions, 'architecture'>>): void {
    const isComputed = ([key]: [string, unknown]): boolean => Object.hasOwn(computationDefaults, key);
    const entries = Object.entries(wish);
    this.computation = {
      ...this.computation,
      ...(Object.fromEntries(entries.filter(isComputed)) as Partial<ComputationChoice>),
    };
    this.said = { ...this.said, ...Object.fromEntries(entries.filter((entry) => !isComputed(entry))) };
    const { source } = this;
    if (source?.kind === 'file' && (wish.inputs !== undefined || wish.labels !== undefined)) {
      const { inputs = source.inputs, labels = source.labels } = wish;
      this.source = { ...source, inputs: inputs ?? {}, labels };
      this.said = { samples: source.path, ...this.said };
    }
    if (source?.kind === 'random' && wish.limit !== undefined)
      this.source = { kind: 'random', count: wish.limit ?? defaultRandomCount };
  }

  /**
   * Other samples, whose keys are their own.
   * @param shapes what was said beside of inputs whose sizes the model leaves open
   * @param written what the sidecar says now
   */
  addSamples(source: SampleSource, shapes: ShapeChanges, written: RequestOptions): void {
    const { samples: _samples, inputs: _inputs, labels: _labels, ...said } = this.said;
    const changed = Object.keys(shapes).length > 0;
    this.said = {
      ...said,
      ...(source.kind === 'file' && source.path !== written.samples && { samples: source.path }),
      ...(changed && { shapes: changeShapes(said.shapes ?? written.shapes ?? {}, shapes) }),
    };
  }

  /** Those of a run whose report is shown again. */
  adopt({ source, computation }: { readonly source: SampleSource; readonly computation: object }): void {
    this.source = source;
    this.computation = { ...this.computation, ...computation };
    this.said = {};
  }

  /** A run has followed them. @returns what is to be written */
  fulfil(): Partial<RequestOptions> {
    const { said } = this;
    this.written = { ...this.written, ...said };
    this.said = {};
    return said;
  }
}
