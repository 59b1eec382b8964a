// What the meter did not simply count, of a month or of a contact.

import { get } from './api.js';
import { h } from './dom.js';
import { count, moment, monthName } from './format.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.notes;
const SHOWN = 50;

export const loadNotes = ({ month }) => get('/v1/notes', { month, limit: SHOWN });

export function drawNotes(page) {
  if (!page.items.length) return T.none;
  return [notesTable(page.items), page.next ? h('p.note', {}, T.more) : null];
}

export function notesTable(items) {
  const weight = { adjustment: '.warning', conflict: '.warning', refused: '.danger' };
  return table(
    [
      [T.what, (one) => h(`span.tag${weight[one.note] || ''}`, {}, T.kinds[one.note] || one.note), { header: true }],
      [T.reason, (one) => T.reasons[one.reason] || one.reason || '—'],
      [T.at, (one) => moment(one.at), { when: true }],
      [T.came, (one) => moment(one.came_at), { when: true }],
      [T.month, (one) => monthName(one.month), { when: true }],
      [T.sessions, (one) => range(one.sessions_at_least, one.sessions_at_most), { number: true }],
      [T.contact, (one) => h('code', { title: one.contact }, one.contact.slice(0, 8))],
    ],
    items,
    { label: T.heading },
  );
}

export function range(least, most) {
  return least === most ? count(least) : `${count(least)}–${count(most)}`;
}
