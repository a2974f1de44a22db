import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json';
import strings from '../../../package.nls.json';
import { modelExtensions } from '../../../src/formats/detection';
import {
  commands,
  contextKeys,
  editorViewTypes,
  modelsViewId,
  comparisonViewType,
  panelViewType,
  settingsSection,
  viewContainerId,
} from '../../../src/host/identifiers';
import { requestDefaults } from '../../../src/report/request';
import { readXml } from '../charts/wellFormed';

const root = join(import.meta.dirname, '..', '..', '..');
const { contributes } = manifest;

function localised(text: string): string {
  const key = /^%(.+)%$/.exec(text)?.[1];
  if (key === undefined) return text;
  const value = (strings as Readonly<Record<string, string>>)[key];
  if (value === undefined) throw new Error(`package.nls.json lacks ${key}.`);
  return value;
}

it('every command of the code is contributed, and none besides', () => {
  expect(contributes.commands.map(({ command }) => command).toSorted()).toEqual(
    Object.values(commands).toSorted(),
  );
});

it('every other command has the category, by which typing "Model Sharpness" finds it', () => {
  for (const command of contributes.commands)
    if (command.command !== commands.analyze) expect(command).toHaveProperty('category', '%category%');
  expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([viewContainerId]);
});

it('the command is called "Analyze sharpness" and nothing stands before it', () => {
  const analyze = contributes.commands.find(({ command }) => command === commands.analyze);
  expect(localised(analyze?.title ?? '')).toBe('Analyze sharpness');
  expect(analyze).not.toHaveProperty('category');
});

it('the explorer offers it on every extension that models are found by', () => {
  const { when } = contributes.menus['explorer/context'][0] ?? { when: '' };
  expect(/\^\\\.\(([^)]*)\)\$/.exec(when)?.[1]?.split('|')).toEqual(modelExtensions);
});

it('the view, the panel and the context keys of the code are those of the manifest', () => {
  expect(contributes.views.modelSharpness.map(({ id }) => id)).toEqual([modelsViewId]);
  expect(manifest.activationEvents).toEqual(
    [panelViewType, comparisonViewType].map((type) => `onWebviewPanel:${type}`),
  );
  const text = JSON.stringify(contributes);
  for (const key of Object.values(contextKeys)) expect(text).toContain(key);
});

it('models and reports open in the editors of the code: .onnx by default, other models when asked', () => {
  expect(contributes.customEditors.map(({ viewType }) => viewType)).toEqual(Object.values(editorViewTypes));
  const [onnx, others, reports] = contributes.customEditors.map(({ priority, selector }) => ({
    priority,
    patterns: selector.map(({ filenamePattern }) => filenamePattern),
  }));
  expect(onnx).toEqual({ priority: 'default', patterns: ['*.onnx'] });
  expect(others?.priority).toBe('option');
  expect(['*.onnx', ...(others?.patterns ?? [])]).toEqual(
    modelExtensions.map((extension) => `*.${extension}`),
  );
  expect(reports?.patterns).toEqual(['*.sharpness-report.json', '*.sharpness-report.html']);
});

it('settings have a scope and a description, and their defaults are those of a request', () => {
  for (const [name, setting] of Object.entries(contributes.configuration.properties)) {
    expect(name.startsWith(`${settingsSection}.`)).toBe(true);
    expect(setting.scope).not.toBe('');
    expect(localised(setting.markdownDescription).length).toBeGreaterThan(20);
  }
  expect(contributes.configuration.properties['modelSharpness.memoryBudget'].default).toBe(
    requestDefaults.memoryBudget,
  );
});

describe('package.nls.json', () => {
  const used = [...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map((match) => match[1] ?? '');

  it('has a text for every placeholder of the manifest, and no other', () => {
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(strings).toSorted());
  });

  it('links to commands that exist', () => {
    const links = [...JSON.stringify(strings).matchAll(/\(command:(model[^)]*)\)/g)];
    expect(links.length).toBeGreaterThan(0);
    const known = [...Object.values(commands), `${modelsViewId}.focus`];
    for (const [, command] of links) expect(known).toContain(command);
  });
});

describe('the walkthrough', () => {
  const [walkthrough] = contributes.walkthroughs;
  const steps = walkthrough?.steps ?? [];

  it('has a few steps, each in words and with a picture of its own that is described', () => {
    expect(steps.map(({ id }) => id)).toEqual(['analyze', 'samples', 'panel', 'computation']);
    expect(new Set(steps.map(({ media }) => media.svg)).size).toBe(steps.length);
    for (const { title, description, media } of steps) {
      expect(localised(title).length).toBeGreaterThan(5);
      expect(localised(description).length).toBeGreaterThan(50);
      expect(localised(media.altText).length).toBeGreaterThan(20);
    }
  });

  it('is drawn in colours of the theme alone, and runs nothing', () => {
    for (const { media } of steps) {
      const picture = readFileSync(join(root, media.svg), 'utf8');
      expect(() => readXml(picture.trim())).not.toThrow();
      const colours = [...picture.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour ?? '');
      for (const colour of colours) expect(colour).toMatch(/^(none|var\(--vscode-.*\))$/);
      expect(picture).not.toMatch(/<script|<image|href|on\w+=/);
    }
  });

  it('is done with a step when its command has run', () => {
    const events = steps.flatMap((step) => ('completionEvents' in step ? step.completionEvents : []));
    expect(events).toEqual([`onCommand:${commands.analyze}`]);
  });
});

it('everything of media/ that the manifest or the code names exists', () => {
  const code = readdirSync(join(root, 'src', 'host'))
    .map((file) => readFileSync(join(root, 'src', 'host', file), 'utf8'))
    .join('\n');
  const inCode = new Set([...code.matchAll(/'media', '([^']+)'/g)].map((match) => `media/${match[1] ?? ''}`));
  const inManifest = [...JSON.stringify(manifest).matchAll(/"(?:\.\/)?(media\/[^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  expect(inCode.size).toBe(3);
  for (const file of [...inCode, ...inManifest]) expect(existsSync(join(root, file)), file).toBe(true);
});
