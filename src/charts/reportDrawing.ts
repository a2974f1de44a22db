import { formatCount, formatNumber } from '../report/wording/number';
import type { Report } from '../report/report';
import { circumstances } from './circumstances';
import { colours, resolveColours } from './colours';
import type { Section } from './section';
import { sections } from './sections';
import { chart, element, label, text, textWidth, type SvgText } from './svg';

const width = 860;
const margin = 28;
const inner = width - 2 * margin;
const headingHeight = 34;

const factsTop = 74;
const lineHeight = 18;
const separator = ' · ';

/**
 * The report's charts as one picture that stands alone: what the numbers depend on is written above them. `theme` maps
 * the names of VS Code's colour variables to values, and what it lacks takes the charts' own light colours.
 */
export function reportDrawing(report: Report, theme: Readonly<Record<string, string>>): string {
  const { model, samples } = report;
  const facts = [
    ...circumstances(report)
      // What it took says nothing of the numbers.
      .filter(({ term }) => term !== 'cost' && term !== 'time')
      .map((each) => each.text),
    `mean loss ${formatNumber(samples.meanLoss)}`,
    `‖∇L‖ ${formatNumber(report.gradientNorm)}`,
  ];
  const lines = linesOf(facts);
  const panels = sections.flatMap((section) => drawSection(section, report));
  let top = factsTop + lineHeight * lines.length - 2;
  const placed: SvgText[] = [];
  for (const { heading, drawing } of panels) {
    placed.push(
      element(
        'text',
        { x: margin, y: top + 18, 'font-size': 14, 'font-weight': 600, fill: colours.text },
        text(heading),
      ),
      drawing.replace('<svg ', `<svg x="${String(margin)}" y="${String(top + headingHeight)}" `) as SvgText,
    );
    top += headingHeight + heightOf(drawing) + 20;
  }
  const whole = chart(
    {
      id: 'report',
      width,
      height: top + 8,
      title: `Sharpness of ${model.file}`,
      description: `${model.architecture}; ${facts.join(separator)}`,
    },
    element('rect', { width, height: top + 8, fill: colours.background }),
    label(
      model.file,
      { x: margin, y: 36, 'font-size': 18, 'font-weight': 600, fill: colours.text },
      inner * 0.65,
    ),
    label(
      `${model.architecture} · ${formatCount(model.parameters)} parameters`,
      { x: margin, y: 56, fill: colours.faint },
      inner,
    ),
    ...lines.map((line, index) =>
      label(line, { x: margin, y: factsTop + lineHeight * index, fill: colours.faint }, inner),
    ),
    ...placed,
  );
  return resolveColours(whole, theme);
}

/** The section's drawing under its heading; none where the picture leaves it out, or the report has nothing of it. */
function drawSection(
  { id, picture, content }: Section,
  report: Report,
): { readonly heading: string; readonly drawing: string }[] {
  const shown = content(report, false);
  if (picture === undefined || shown.length === 0) return [];
  const heading = picture.heading(report);
  if (picture.draw !== undefined) return [{ heading, drawing: picture.draw(report, { id, width: inner }) }];
  return shown.flatMap((each) => {
    if (typeof each === 'string' || each.kind !== 'chart') return [];
    return [{ heading, drawing: each.draw({ id, width: Math.min(inner, each.widest ?? inner) }) }];
  });
}

/** The facts side by side, in as many lines as they take. */
function linesOf(facts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const joined = [...lines.slice(-1), fact].join(separator);
    if (lines.length > 0 && textWidth(joined) <= inner) lines[lines.length - 1] = joined;
    else lines.push(fact);
  }
  return lines;
}

function heightOf(drawing: string): number {
  return Number(/ height="([\d.]+)"/.exec(drawing)?.[1] ?? 0);
}
