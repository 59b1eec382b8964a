// Short notices that go away by themselves; and how many unread messages the tab's title shows.

import { h } from './dom.js';
import { mine, state, subscribe } from './state.js';
import { TEXTS } from './texts.js';

const SHOWN_MS = 8000;
const place = h('div.notices', { role: 'alert' });

export function noticePlace() {
  return place;
}

export function notify(text, kind = 'plain') {
  for (const shown of place.children) if (shown.dataset.text === text) return;
  const notice = h(`div.notice.${kind}`, { data: { text } }, h('span', {}, text));
  const close = h('button.quiet', { type: 'button', aria: { label: TEXTS.errors.dismiss }, onclick: () => notice.remove() }, '×');
  notice.append(close);
  place.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

subscribe(() => {
  const unread = state.me ? mine().reduce((sum, one) => sum + one.unread, 0) : 0;
  document.title = (unread ? `(${unread}) ` : '') + TEXTS.title;
});
