import type { ComparedRow } from '../comparison/row';
import { twinsOf, type ComparedTwins, type Twins } from '../comparison/twins';
import { failureOf } from '../report/failure';
import { isSavedReport } from './comparedFiles';
import type { RowCalls } from './comparedRow';
import type { Evaluation } from './evaluate';
import { sampleChanges } from './sampleChanges';

/**
 * Compares twins sample by sample. It keeps what it found of the same files, and no numbers of single samples: those of two
 * models at a time are enough.
 */
export class TwinComparison {
  private readonly known = new Map<string, ComparedTwins>();

  /**
   * @param whenBegun called before each pair that is not known yet
   * @throws what an interrupted run throws
   */
  async of(
    rows: readonly ComparedRow[],
    evaluate: RowCalls['evaluate'],
    whenBegun: (twins: Twins) => void = () => undefined,
  ): Promise<ComparedTwins[]> {
    const compared: ComparedTwins[] = [];
    for (const twins of twinsOf(rows)) {
      const key = [twins.float, twins.twin].map(({ path, row }) => `${path} ${row.sha256 ?? ''}`).join('\n');
      let found = this.known.get(key);
      if (found === undefined) {
        whenBegun(twins);
        found = await compareTwins(twins, evaluate);
        this.known.set(key, found);
      }
      compared.push(found);
    }
    return compared;
  }
}

async function compareTwins({ float, twin }: Twins, evaluate: RowCalls['evaluate']): Promise<ComparedTwins> {
  const result = (found: ComparedTwins['found']): ComparedTwins => ({
    float: float.path,
    twin: twin.path,
    found,
  });
  if (isSavedReport(float.path))
    return result({ fault: 'a saved report holds no numbers of each sample; name the model itself.' });
  try {
    const before = await evaluateSame(float, evaluate);
    const after = await evaluateSame(twin, evaluate);
    if (before === null || after === null)
      return result({ fault: 'one of the files has changed meanwhile; compare them again.' });
    const changes = sampleChanges(before.samples, after.samples);
    return result(changes ?? { fault: 'they were not given the same samples, number by number.' });
  } catch (error) {
    const { kind, message } = failureOf(error);
    if (kind === 'Interrupted') throw error;
    return result({ fault: message });
  }
}

/** Null where the file is no longer that of its row. */
async function evaluateSame(
  { path, row }: ComparedRow,
  evaluate: RowCalls['evaluate'],
): Promise<Evaluation | null> {
  const found = await evaluate(path);
  return found.report.model.sha256 === row.sha256 ? found : null;
}
