/** A reader of the part of XML that the charts write: throws where a tag, an attribute or an entity is out of place. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (XmlElement | string)[];
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

function unescaped(text: string): string {
  return text.replace(/&[^;]*;?/g, (entity) => {
    const character = entities[entity];
    if (character === undefined) throw new Error(`No entity: ${entity}`);
    return character;
  });
}

export function readXml(text: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [] };
  const stack = [root];
  const token = /<(\/?)([a-z][a-zA-Z\d]*)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null) throw new Error(`Not XML at ${at}: ${text.slice(at, at + 60)}`);
    const [, closing, name, written, empty, content] = found;
    const open = stack.at(-1)!;
    if (content !== undefined) open.children.push(unescaped(content));
    else if (closing === '/') {
      if (stack.pop()?.name !== name) throw new Error(`</${name}> closes no such element.`);
    } else {
      const pairs = [...(written ?? '').matchAll(/ ([\w:-]+)="([^"]*)"/g)];
      const attributes = Object.fromEntries(pairs.map(([, key, value]) => [key!, unescaped(value!)]));
      if (Object.keys(attributes).length !== pairs.length)
        throw new Error(`<${name}> has an attribute twice.`);
      const element: XmlElement = { name: name!, attributes, children: [] };
      open.children.push(element);
      if (empty !== '/') stack.push(element);
    }
  }
  const [only] = root.children;
  if (stack.length !== 1 || root.children.length !== 1 || typeof only !== 'object') {
    throw new Error('Not one whole element.');
  }
  return only;
}

export function elementsOf(element: XmlElement, name: string, className?: string): XmlElement[] {
  const own =
    element.name === name &&
    (className === undefined || (element.attributes['class'] ?? '').split(' ').includes(className));
  const below = element.children.flatMap((child) =>
    typeof child === 'string' ? [] : elementsOf(child, name, className),
  );
  return own ? [element, ...below] : below;
}

export function textOf(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** A numeric attribute. */
export function place(element: XmlElement, attribute: string): number {
  const value = Number(element.attributes[attribute]);
  if (!Number.isFinite(value)) throw new Error(`<${element.name}> has no number ${attribute}.`);
  return value;
}
