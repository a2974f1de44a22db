import type { PartialReport, Report } from '../report/report';
import type { Chart, Content } from './content';
import type { Term } from './explanations';

/** A card of a report, for the panel, the page and the picture alike. */
export interface Section {
  /** Prefixes the ids of its charts. */
  readonly id: string;
  readonly title: string;
  /** What its title means; null: its parts say it. */
  readonly term: Term | null;
  /** Sections of one place stand side by side where there is room. */
  readonly place: string;
  /** How the card looks: its class. */
  readonly look: (known: PartialReport) => string;
  /** The report's fields that it is drawn from: it is drawn again only where one of them has changed. */
  readonly fields: readonly (keyof Report)[];
  /** What it shows of what is known; nothing: there is no card. `pending`: what is not known yet may still come. */
  readonly content: (known: PartialReport, pending: boolean) => readonly Content[];
  /** In the picture of the whole report: its charts, or a drawing in their place; absent: it is left out. */
  readonly picture?: 'charts' | ((report: Report, options: Parameters<Chart['draw']>[0]) => string);
}

/** Lets `content` see the fields that the section names, and no others. */
export function section<const Field extends keyof Report>(
  given: Omit<Section, 'fields' | 'content' | 'look'> & {
    /** Over the whole width where it is not said. */
    readonly look?: Section['look'];
    readonly fields: readonly Field[];
    readonly content: (known: Pick<PartialReport, Field>, pending: boolean) => readonly Content[];
  },
): Section {
  return { look: () => 'wide', ...given };
}
