/** What the page of a webview is made of; addresses as `Webview.asWebviewUri` gives them. */
export interface PageParts {
  readonly title: string;
  readonly language: string;
  /** `vscode.l10n.bundle`: the texts of that language by the English ones; undefined in English. */
  readonly translations: Readonly<Record<string, string>> | undefined;
  readonly script: string;
  readonly style: string;
  /** `Webview.cspSource`. */
  readonly source: string;
  /** Random for every page: only the script element that carries it runs. */
  readonly nonce: string;
}

/**
 * The page that the panel's script fills. It may load its own script and style and nothing else: names out of a model
 * file, whatever markup they hold, can neither run nor fetch anything.
 */
export function webviewPage(parts: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${parts.nonce}'`,
    `style-src ${parts.source} 'nonce-${parts.nonce}'`,
    `font-src ${parts.source}`,
    `img-src ${parts.source} data:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const { translations } = parts;
  const translated =
    translations === undefined ? '' : ` data-translations="${escape(JSON.stringify(translations))}"`;
  return `<!DOCTYPE html>
<html lang="${escape(parts.language)}">
  <head>
    <meta charset="UTF-8">
    <meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
    <!-- Where the toolkit looks for the nonce of the one style element that it adds, to see whether :focus-visible is known. -->
    <meta property="csp-nonce" content="${escape(parts.nonce)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${escape(parts.style)}">
    <title>${escape(parts.title)}</title>
  </head>
  <body${translated}>
    <script nonce="${escape(parts.nonce)}" src="${escape(parts.script)}"></script>
  </body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
