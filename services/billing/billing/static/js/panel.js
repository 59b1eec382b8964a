// A part of the page that loads by itself: while it waits, when it is empty, when it failed, and its own tables.

import { h } from './dom.js';
import { TEXTS } from './texts.js';

let number = 0;

// `load(choice)` gives the data, `draw(data, choice)` the elements (a string: nothing is there, and why).
export function panel({ kind = '', heading, lead = null, load, draw }) {
  const id = `panel-${(number += 1)}`;
  const body = h('div.panel-body');
  const element = h(`section.panel${kind}`, { aria: { labelledby: id } }, h('h2', { id }, heading), lead ? h('p.lead', {}, lead) : null, body);
  let asked = 0;
  let shown = null;

  async function show(choice) {
    const mine = (asked += 1);
    element.setAttribute('aria-busy', 'true');
    if (shown === null || shown !== choice.key) body.replaceChildren(h('p.waiting', {}, TEXTS.panel.waiting));
    try {
      const data = await load(choice);
      if (mine !== asked) return; // another choice was made meanwhile
      const drawn = draw(data, choice);
      body.replaceChildren(...(typeof drawn === 'string' ? [h('p.nothing', {}, drawn)] : [drawn].flat().filter(Boolean)));
      shown = choice.key;
    } catch (error) {
      if (mine !== asked) return;
      shown = null;
      const again = h('button', { type: 'button', onclick: () => show(choice) }, TEXTS.panel.again);
      body.replaceChildren(h('div.failed', { role: 'alert' }, h('span', {}, error.status === undefined ? TEXTS.errors.unexpected : error.message), again));
      if (error.status === undefined) console.error(error);
    } finally {
      if (mine === asked) element.removeAttribute('aria-busy');
    }
  }

  return { element, show };
}

// `columns`: [heading, value(row), {header, number, share, spare, when}]; what is spare is left out on a phone.
// `caption` is read by all, `label` heard: the panel's heading says it already.
// `foot`: the cells of a last line.
export function table(columns, rows, { caption = null, label = caption, foot = null, current = () => false } = {}) {
  const classes = (how = {}) => ['number', 'share', 'spare', 'when'].filter((one) => how[one]).map((one) => `.${one}`).join('');
  const cell = ([, value, how = {}], row) => h(`${how.header ? 'th' : 'td'}${classes(how)}`, how.header ? { scope: 'row' } : {}, value(row));
  const last = (text, place) => h(`${place ? 'td' : 'th'}${classes(columns[place][2])}`, place ? {} : { scope: 'row' }, text);
  return h('div.scroll', { tabIndex: 0, role: 'group', aria: { label: label || columns[0][0] } },
    h('table', {},
      caption ? h('caption', {}, caption) : null,
      h('thead', {}, h('tr', {}, columns.map(([name, , how]) => h(`th${classes(how)}`, { scope: 'col' }, name)))),
      h('tbody', {}, rows.map((row) => h(current(row) ? 'tr.now' : 'tr', {}, columns.map((column) => cell(column, row))))),
      foot ? h('tfoot', {}, h('tr', {}, foot.map(last))) : null));
}
