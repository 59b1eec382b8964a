// All that was ever said of one contact's sessions.

import { get } from './api.js';
import { announce, h } from './dom.js';
import { count, moment, monthName } from './format.js';
import { notesTable } from './notes.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.ledger;

export function ledgerPanel() {
  const contact = h('input', { name: 'contact', autocomplete: 'off', spellcheck: false, required: true, maxLength: 128 });
  const search = h('button.primary', { type: 'submit' }, T.search);
  const form = h('form.asking', {}, h('label.field', {}, h('span', {}, T.contact), contact), search);
  const found = h('div.panel-body', { aria: { live: 'polite' } });
  const element = h('section.panel', { aria: { labelledby: 'ledger' } }, h('h2', { id: 'ledger' }, T.heading), h('p.lead', {}, T.lead), form, found);

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    search.disabled = true;
    found.replaceChildren(h('p.waiting', {}, TEXTS.panel.waiting));
    try {
      const asked = contact.value.trim();
      const page = await get('/v1/ledger', { contact: asked });
      found.replaceChildren(...drawn(page, asked));
      announce(T.found(page.entries.length));
    } catch (error) {
      found.replaceChildren(h('div.failed', { role: 'alert' }, error.status === 422 ? TEXTS.errors.badContact : error.message));
    } finally {
      search.disabled = false;
    }
  });
  return { element };
}

function drawn(page, asked) {
  if (!page.entries.length && !page.notes.length) return [h('p.nothing', {}, T.none)];
  const list = h('div', {}, entries(page.entries));
  const parts = [h('p.note', {}, T.found(page.entries.length)), list];
  if (page.next) {
    let { next } = page;
    const more = h('button', { type: 'button' }, T.more);
    more.addEventListener('click', async () => {
      more.disabled = true;
      try {
        const later = await get('/v1/ledger', { contact: asked, cursor: next });
        list.append(entries(later.entries));
        ({ next } = later);
        if (!next) more.remove();
      } finally {
        more.disabled = false;
      }
    });
    parts.push(more);
  }
  if (page.notes.length) parts.push(h('h3', {}, T.notes), notesTable(page.notes));
  return parts;
}

function entries(rows) {
  return table(
    [
      [T.opened, (one) => moment(one.opened_at), { header: true, when: true }],
      [T.change, (one) => [h(`span.tag${one.change === 'voided' || one.change === 'corrected' ? '.warning' : ''}`, {}, T.changes[one.change] || one.change), one.ours ? null : h('span.tag.warning', {}, T.foreign)].filter(Boolean)],
      [T.messages, (one) => count(one.messages), { number: true }],
      [T.month, (one) => monthName(one.month), { when: true }],
      [T.when, (one) => moment(one.occurred_at), { when: true }],
      [T.account, (one) => `${TEXTS.channels[one.channel] || one.channel} ${one.account}`],
      [T.revision, (one) => count(one.revision), { number: true }],
    ],
    rows,
    { label: T.heading },
  );
}
