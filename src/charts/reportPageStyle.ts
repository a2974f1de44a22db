import { paletteStyle } from './colours';

/** The style of the HTML report. The charts take their colours from the variables, as they do in the panel. */
export const reportPageStyle = `
:root {
  color-scheme: light dark;
  ${paletteStyle('light')}
  --line: #d1d9e0;
  --card: #f6f8fa;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    ${paletteStyle('dark')}
    --line: #3c3c3c;
    --card: #262626;
  }
}
body {
  margin: 0 auto;
  padding: 24px;
  max-width: 1040px;
  color: var(--vscode-editor-foreground);
  background: var(--vscode-editor-background);
  font: 14px/1.5 system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, p, dl, dd, ul, figure { margin: 0; padding: 0; }
h1 { font-size: 1.7em; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.05em; }
.figures { display: grid; gap: 20px; margin-top: 12px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); }
figure { break-inside: avoid; }
figcaption { margin-top: 6px; max-width: 290px; color: var(--vscode-descriptionForeground); font-size: 0.92em; overflow-wrap: anywhere; }
ul { list-style: none; }
sub { font-size: 0.75em; line-height: 0; }
.faint, .why, .source, dt { color: var(--vscode-descriptionForeground); }
.why { font-size: 0.92em; margin: 2px 0 12px; }
.facts-line { overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0 16px; }
.chips li { padding: 1px 10px; border: 1px solid var(--line); border-radius: 12px; overflow-wrap: anywhere; }
.grid { display: grid; gap: 14px; margin-bottom: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); }
.grid.answers { grid-template-columns: repeat(2, minmax(0, 1fr)); }
@media (min-width: 900px) { .grid.answers { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
@media (max-width: 520px) { .grid.answers { grid-template-columns: minmax(0, 1fr); } }
.grid.curves { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.section { display: grid; gap: 14px; margin-bottom: 14px; grid-template-columns: minmax(0, 1fr); }
.section.layers:not(:has(> .absent, > .many)) { grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); }
.card { min-width: 0; padding: 14px 16px; margin-bottom: 14px; background: var(--card); border: 1px solid var(--line); border-radius: 6px; break-inside: avoid; }
.grid > .card, .section > .card { margin-bottom: 0; }
.card.verdict { border-left: 3px solid var(--vscode-charts-blue); }
.card.verdict.void, .card.verdict.delicate { border-left-color: var(--mark-orange); }
.card.verdict p { max-width: 80ch; }
.card.verdict h2 + p { font-size: 1.15em; }
.card.warnings { border-left: 3px solid var(--mark-orange); }
.headline { margin: 2px 0 6px; font-size: 1.5em; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
svg { display: block; max-width: 100%; height: auto; }
.scroller { overflow-x: auto; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.source, summary { margin-top: 8px; }
summary { cursor: pointer; }
table.numbers { width: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 4px 10px; text-align: right; font-weight: 400; white-space: nowrap; }
tr > :first-child { padding-left: 0; text-align: left; }
thead th { color: var(--vscode-descriptionForeground); border-bottom: 1px solid var(--line); }
dl.facts { display: grid; gap: 4px 20px; margin-top: 12px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); }
dl.facts div { display: flex; gap: 8px; justify-content: space-between; border-bottom: 1px solid var(--line); }
dl.terms { columns: 2 360px; column-gap: 28px; }
dl.terms div { break-inside: avoid; }
dl.terms dt { margin-top: 8px; color: inherit; font-weight: 600; }
.sample-list { display: grid; gap: 12px 20px; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); }
.sample-list li { display: flex; gap: 10px; align-items: center; break-inside: avoid; }
.sample-list div { display: grid; }
.picture { flex: none; outline: 1px solid var(--line); }
.wrong { text-decoration: underline; font-weight: 600; }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; }
  .card { background: none; }
  svg, .picture { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
