import { expect, it } from 'vitest';
import { webviewPage } from '../../../src/host/webviewPage';

const parts = {
  title: 'Sharpness of m.onnx',
  language: 'en',
  translations: undefined,
  script: 'https://host/panel.js',
  style: 'https://host/panel.css',
  source: 'https://host',
  nonce: 'abc+/=',
};

it('allows its own script by nonce, its own style, and nothing inline without it', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(webviewPage(parts))?.[1] ?? '';
  const directives = new Map(
    policy
      .replaceAll('&#39;', "'")
      .split('; ')
      .map((directive): [string, string] => [
        directive.split(' ')[0] ?? '',
        directive.split(' ').slice(1).join(' '),
      ]),
  );
  expect(directives.get('default-src')).toBe("'none'");
  expect(directives.get('script-src')).toBe("'nonce-abc+/='");
  expect(directives.get('style-src')).toBe("https://host 'nonce-abc+/='");
  expect(policy).not.toMatch(/unsafe|\*|https?:(?!\/\/host)/);
});

it('holds no markup of a file name', () => {
  const page = webviewPage({ ...parts, title: '</title><script>alert("1")</script>\'' });
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;');
});

it('carries the texts of another language, whatever is in them', () => {
  const page = webviewPage({ ...parts, language: 'de', translations: { Loss: '"Verlust" <b>' } });
  expect(page).toContain(
    '<body data-translations="{&quot;Loss&quot;:&quot;\\&quot;Verlust\\&quot; &lt;b&gt;&quot;}">',
  );
});
