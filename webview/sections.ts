import { t } from '@vscode/l10n';
import type { PaletteName } from '../src/charts/colours';
import type { Section } from '../src/charts/section';
import { hasPicture, reportDrawing } from '../src/charts/reportDrawing';
import { places, sections } from '../src/charts/sections';
import { card } from './card';
import { nodesOf } from './content';
import { button } from './dom';
import { layerTable } from './layerTable';
import { pictureMenu } from './pictureMenu';
import { hasNumbers, type Part, type View } from './view';

/** What of a section answers to a reader, beside what it shows. */
interface Live {
  readonly inputs: (view: View) => unknown;
  readonly draw: (view: View) => readonly Node[];
}

/** By the section's id; most have nothing of the kind. */
const live: Readonly<Record<string, Live>> = {
  response: {
    inputs: ({ state, known, readOnly }) => [state.phase, known.plane, readOnly],
    draw: ({ known, state, post, readOnly }) =>
      known.plane === null && known.slices && state.phase === 'done' && !readOnly
        ? [
            button(t('Measure a plane of two directions'), 'measure-plane', () =>
              post({ type: 'say', said: { plane: true } }),
            ),
          ]
        : [],
  },
  blocks: {
    inputs: ({ state, readOnly }) => [state.phase, readOnly],
    draw: ({ known, state, post, readOnly }) =>
      known.blocks === null && state.phase === 'done' && !readOnly
        ? [
            button(t('Estimate the blocks'), 'estimate-blocks', () =>
              post({ type: 'say', said: { blocks: true } }),
            ),
          ]
        : [],
  },
};

/** The sections of the report, place by place; the table is the panel's own, since it can be sorted. */
export const sectionParts: readonly Part[] = places.map((place) =>
  place === layerTable.id ? layerTable : partOf(place),
);

function partOf(place: string): Part {
  const here = sections.filter((section) => section.place === place);
  return {
    id: place,
    inputs: (view) => [
      view.pending,
      hasNumbers(view.state),
      view.state.phase === 'done',
      here.some((section) => showsOneLayer(section, view)) ? view.settings.layer : null,
      here.map(({ id, fields }) => [fields.map((field) => view.known[field]), live[id]?.inputs(view)]),
    ],
    draw: (view) => {
      if (!hasNumbers(view.state)) return [];
      return here.flatMap((section) => {
        const { id, title, term, look, content } = section;
        const shown = content(view.known, view.pending);
        if (shown.length === 0) return [];
        const nodes = shown.flatMap((each) => nodesOf(each, id, view));
        return [
          card(
            title,
            term,
            look(view.known),
            pictureOf(section, view),
            ...nodes,
            ...(live[id]?.draw(view) ?? []),
          ),
        ];
      });
    },
  };
}

/** What saves the charts of a section; null where it has none, or the report is not whole yet. */
function pictureOf(section: Section, { state, known, settings, post }: View): HTMLElement | null {
  if (state.phase !== 'done' || !hasPicture(section, known)) return null;
  const { id, title } = section;
  const { report } = state;
  const draw = (palette: PaletteName): string =>
    reportDrawing(report, palette, { id, layer: settings.layer });
  return pictureMenu(title, { name: id, draw }, (picture) => post({ type: 'picture', picture }));
}

/** Known of a report once and for all: what a section of many layers holds takes its time to write. */
const ofOneLayer = new WeakMap<View['known'], Map<string, boolean>>();

function showsOneLayer({ id, content }: Section, { known, pending }: View): boolean {
  const found = ofOneLayer.get(known) ?? new Map<string, boolean>();
  ofOneLayer.set(known, found);
  const shows =
    found.get(id) ??
    content(known, pending).some((each) => typeof each !== 'string' && each.kind === 'choice');
  found.set(id, shows);
  return shows;
}
