// Elements of drawings.

const SPACE = 'http://www.w3.org/2000/svg';

export function svg(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElementNS(SPACE, name);
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A part of a whole as a bar; the figure stands beside it as text.
export function bar(part, whole) {
  const width = whole ? Math.max(part ? 0.6 : 0, (100 * part) / whole) : 0;
  return svg('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect.bed', { x: 0, y: 1, width: 100, height: 6 }), svg('rect', { x: 0, y: 1, width, height: 6 }));
}
