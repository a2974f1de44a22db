// `npm run translations` writes l10n/bundle.l10n.json: every text of the host and the panel, as translators get it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './processes.mjs';

export const bundleFile = join(root, 'l10n', 'bundle.l10n.json');

/**
 * @returns {Record<string, string>} each text under itself, in alphabetical order; {0}, {1}, … stand where values go
 * @throws {Error} where a text is not written out at its place
 */
export function collectTexts() {
  /** @type {Set<string>} */
  const texts = new Set();
  for (const folder of ['src', 'webview'])
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts')) collectFrom(join(root, folder, name), texts);
  return Object.fromEntries([...texts].sort().map((text) => [text, text]));
}

/**
 * @param {string} file
 * @param {Set<string>} texts
 */
function collectFrom(file, texts) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  if (!source.text.includes('l10n')) return;
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTaggedTemplateExpression(node) && isTranslation(node.tag)) texts.add(textOf(node.template));
    if (ts.isCallExpression(node) && isTranslation(node.expression)) {
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text))
        throw new Error(`A text of ${file} is not written out: ${node.getText()}`);
      texts.add(text.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/**
 * `t` of @vscode/l10n, and `vscode.l10n.t`.
 *
 * @param {ts.Expression} called
 */
function isTranslation(called) {
  return called.getText() === 't' || called.getText() === 'vscode.l10n.t';
}

/** @param {ts.TemplateLiteral} template */
function textOf(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  const { head, templateSpans } = template;
  return head.text + templateSpans.map(({ literal }, at) => `{${at}}${literal.text}`).join('');
}

if (process.argv[1]?.endsWith('translations.mjs'))
  writeFileSync(bundleFile, `${JSON.stringify(collectTexts(), null, 2)}\n`);
