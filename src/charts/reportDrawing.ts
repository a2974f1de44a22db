import { t } from '@vscode/l10n';
import { formatCount, formatNumber } from '../report/wording/number';
import type { PartialReport, Report } from '../report/report';
import { lambdaMaxText } from '../report/wording/sharpnessText';
import { circumstances } from './circumstances';
import type { PaletteName } from './colours';
import type { Section } from './section';
import { sections } from './sections';
import { chartsIn, pictureWidth, standalonePicture, type PicturePanel } from './standalonePicture';

/** One section of the report, and the layer that it shows where it shows one. */
export interface DrawnSection {
  readonly id: string;
  readonly layer: number;
}

/**
 * The report's charts, or those of one section, as one picture that stands alone: what the numbers depend on is written
 * above them.
 */
export function reportDrawing(report: Report, palette: PaletteName, only?: DrawnSection): string {
  const { model, samples } = report;
  const drawn = sections.filter(({ id, picture }) => (only ? id === only.id : picture !== undefined));
  return standalonePicture(
    {
      title: model.file,
      subtitle: t`${model.architecture} · ${formatCount(model.parameters)} parameters`,
      headline: lambdaMaxText(report),
      facts: [
        ...circumstances(report)
          // What it took says nothing of the numbers.
          .filter(({ term }) => term !== 'cost' && term !== 'time')
          .map((each) => each.text),
        t`mean loss ${formatNumber(samples.meanLoss)}`,
        `‖∇L‖ ${formatNumber(report.gradientNorm)}`,
      ],
      panels: drawn.flatMap((section) => panelsOf(section, report, only?.layer ?? 0)),
    },
    palette,
  );
}

/** Whether a section has a picture of its own. */
export function hasPicture({ picture, content }: Section, known: PartialReport): boolean {
  const shown = content(known, false);
  return shown.length > 0 && (typeof picture === 'function' || chartsIn(shown, '', 0, 'x').length > 0);
}

function panelsOf({ id, title, picture, content }: Section, report: Report, layer: number): PicturePanel[] {
  const shown = content(report, false);
  if (shown.length === 0) return [];
  if (typeof picture === 'function')
    return [{ heading: title, drawing: picture(report, { id, width: pictureWidth }) }];
  return chartsIn(shown, title, layer, id).map(({ heading, draw }) => ({ heading, drawing: draw() }));
}
