import { t } from '@vscode/l10n';
import type { PaletteName } from '../src/charts/colours';
import type { Picture } from '../src/report/panelMessages';
import { button, element } from './dom';

/** A picture is drawn twice as fine as the screen, as far as a canvas goes. */
const finest = 2;
const mostPixels = 16_000;

/** What is saved as a picture: its name, and the SVG of it in a palette. */
export interface Drawn {
  readonly name: string;
  readonly draw: (palette: PaletteName) => string;
}

/** The four forms of a picture, as buttons; `send` gets the picture when it is made. */
export function pictureButtons({ name, draw }: Drawn, send: (picture: Picture) => void): HTMLElement[] {
  return (['svg', 'png'] as const).flatMap((format) =>
    (['light', 'dark'] as const).map((palette) =>
      button(t`${format.toUpperCase()} picture, ${palette}`, `${name}-${format}-${palette}`, () => {
        const svg = draw(palette);
        if (format === 'svg') send({ name, format, content: svg });
        else void pngOf(svg).then((content) => send({ name, format, content }));
      }),
    ),
  );
}

/** "⤓" at the corner of a card, which opens the forms that its charts can be saved in. */
export function pictureMenu(title: string, drawn: Drawn, send: (picture: Picture) => void): HTMLElement {
  const label = t`Save a picture: ${title}`;
  const summary = element('summary', { id: `${drawn.name}-picture`, 'aria-label': label, title: label }, '⤓');
  const menu = element('details', { class: 'menu picture-menu' }, summary);
  const close = (): void => {
    menu.open = false;
    summary.focus();
  };
  // A panel has many charts, and few of them are saved.
  menu.addEventListener('toggle', () => {
    if (!menu.open || menu.childElementCount > 1) return;
    const save = (picture: Picture): void => {
      send(picture);
      close();
    };
    const items = pictureButtons(drawn, save);
    menu.append(element('div', { class: 'menu-items', role: 'group', 'aria-label': label }, ...items));
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  return menu;
}

/** The drawing as a PNG, in base64. */
async function pngOf(svg: string): Promise<string> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(finest, mostPixels / Math.max(image.width, image.height));
  const canvas = element('canvas', {
    width: Math.round(image.width * scale),
    height: Math.round(image.height * scale),
  });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
