// Elements without a framework. Text only ever goes in as text, so nothing typed becomes markup.

export type Child = Node | string | number | null | undefined | false | Child[];

export interface Props {
  class?: string | undefined;
  style?: Record<string, string>; // by CSSOM, which the page's policy allows; no style attributes
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
  value?: string;
  checked?: boolean;
  [attribute: string]: unknown;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  append(element, children); // first: a select's value needs its options
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  append(element, children);
  return element;
}

function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child instanceof Node) parent.append(child);
    else if (child !== null && child !== undefined && child !== false) parent.append(String(child));
  }
}

function setProp(element: HTMLElement, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (name === "class") element.className = String(value);
  else if (name === "style")
    for (const [key, v] of Object.entries(value as Record<string, string>))
      element.style.setProperty(key, v);
  else if (name === "on")
    for (const [event, f] of Object.entries(value as Record<string, EventListener>))
      element.addEventListener(event, f);
  else if (name === "value" || name === "checked") Object.assign(element, { [name]: value });
  else if (name.startsWith("on")) throw new TypeError(`${name}: listeners go into "on"`);
  else if (typeof value === "boolean" && !name.startsWith("aria-")) element.toggleAttribute(name, value);
  else element.setAttribute(name, String(value));
}

export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

// Sets text only where it changes, so that screen readers and selections aren't disturbed.
export function setText(node: Node, text: string | number): void {
  const told = String(text);
  if (node.textContent !== told) node.textContent = told;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

export interface Row<T> {
  element: HTMLElement;
  update(item: T): void;
}

// A list whose rows live as long as their key does: focus and listeners stay where they are.
export function keyedList<T>(
  parent: HTMLElement,
  keyOf: (item: T) => string | number,
  make: (item: T) => Row<T>,
): (items: readonly T[]) => void {
  const rows = new Map<string | number, Row<T>>();
  return (items) => {
    const kept = new Set(items.map(keyOf));
    for (const [key, row] of rows)
      if (!kept.has(key)) {
        row.element.remove();
        rows.delete(key);
      }
    items.forEach((item, i) => {
      const key = keyOf(item);
      let row = rows.get(key);
      if (!row) rows.set(key, (row = make(item)));
      row.update(item);
      if (parent.children[i] !== row.element) parent.insertBefore(row.element, parent.children[i] ?? null);
    });
  };
}
