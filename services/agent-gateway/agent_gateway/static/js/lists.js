// The left pane: queues, my conversations, who waits, and what else goes on.

import { takeNext } from './acting.js';
import { brief as briefContent } from './contents.js';
import { waitOf } from './composer.js';
import { arrange, h, heard, setText } from './dom.js';
import { brief, duration, grown, moment } from './format.js';
import { loadMore, select } from './loading.js';
import { changed, mine, others, state, subscribe, supervises, waiting } from './state.js';
import { TEXTS } from './texts.js';

const T = TEXTS.lists;
const LONG_WAIT_SECONDS = 10 * 60;

const queues = h('ul.queues', { aria: { label: T.queues } });
const next = h('button.primary.next', { type: 'button', onclick: takeNext }, T.next);
const sections = {
  mine: section('mine', T.mine, T.noneMine),
  waiting: section('waiting', T.waiting, T.noneWaiting, next),
  others: section('others', T.others, T.noneOthers),
};
sections.others.view = 'all';

export const listsElement = h('nav.lists', { id: 'lists', tabIndex: -1, aria: { label: T.label } },
  queues, h('div.lists-scroll', {}, Object.values(sections).map((one) => one.element)));

function section(view, title, none, tool = null) {
  const count = h('span.count');
  const list = h('ul.items');
  const nothing = h('p.nothing', {}, none);
  const more = h('button.quiet', { type: 'button', onclick: () => loadMore(sections[view].view) }, T.more);
  const heading = h('h2', { id: `list-${view}` }, title, ' ', count);
  const element = h('section', { data: { view }, aria: { labelledby: `list-${view}` } },
    h('div.list-head', {}, heading, tool), list, nothing, more);
  return { element, list, count, nothing, more, view };
}

const cards = new Map(); // conversation id -> its parts

function card(id) {
  if (cards.has(id)) return cards.get(id);
  const parts = {
    name: h('span.name'), time: h('time'), heardTime: heard(`${T.waits} `), preview: h('span.preview'), tags: h('span.tags'), unread: h('span.unread'),
  };
  parts.button = h('button.card', { type: 'button', data: { id }, onclick: () => select(id) },
    h('span.row', {}, parts.name, parts.heardTime, parts.time), h('span.row', {}, parts.preview, parts.unread), parts.tags);
  parts.element = h('li', {}, parts.button);
  cards.set(id, parts);
  return parts;
}

function drawCard(one) {
  const parts = card(one.id);
  const wait = waitOf(one);
  setText(parts.name, one.sender_name || `${T.anonymous} ${one.sender_hint || ''}`.trim());
  parts.heardTime.hidden = wait === null;
  setText(parts.time, wait === null ? brief(one.last ? one.last.at : one.opened_at) : duration(wait));
  parts.time.classList.toggle('long', wait !== null && wait > LONG_WAIT_SECONDS);
  const last = one.last ? briefContent(one.last.kind, one.last.text) : '';
  setText(parts.preview, one.last?.author === 'agent' && one.mine ? `${T.you}: ${last}` : last);
  const handler = one.state === 'with_bot' ? T.withBot : one.state === 'with_agent' && !one.mine ? one.agent_name : null;
  const tags = [TEXTS.channels[one.channel] || one.channel, state.queues.length > 1 ? one.queue_name || state.institution?.areas[one.area] : null, handler];
  setText(parts.tags, tags.filter(Boolean).join(' · '));
  parts.unread.hidden = !(one.mine && one.unread);
  if (one.mine && one.unread && parts.unread.dataset.count !== String(one.unread)) {
    parts.unread.dataset.count = one.unread;
    parts.unread.replaceChildren(h('span', { aria: { hidden: 'true' } }, String(one.unread)), heard(T.unread(one.unread)));
  }
  if (one.id === state.selected) parts.button.setAttribute('aria-current', 'true');
  else parts.button.removeAttribute('aria-current');
  return parts.element;
}

function drawSection(part, found, countText) {
  setText(part.count, countText);
  arrange(part.list, found.map(drawCard));
  part.nothing.hidden = found.length > 0;
  part.more.hidden = !state.more[part.view];
}

function drawQueues() {
  const chips = [];
  if (state.queues.length > 1) {
    const total = state.queues.reduce((sum, queue) => sum + queue.waiting, 0);
    chips.push(chip(null, T.allQueues, total, null));
  }
  for (const queue of state.queues) chips.push(chip(queue.id, queue.name, queue.waiting, queue));
  const focused = document.activeElement?.dataset?.queue;
  queues.replaceChildren(...chips);
  if (focused !== undefined) queues.querySelector(`[data-queue="${focused}"]`)?.focus();
}

function chip(id, name, count, queue) {
  const hints = queue ? [T.queueHint(name, count, queue.open)] : [name];
  if (queue?.oldest_wait_seconds) hints.push(T.oldest(duration(grown(queue.oldest_wait_seconds, state.queuesAt))));
  if (queue && !queue.open && queue.next_opening) hints.push(T.opens(moment(queue.next_opening)));
  return h('li', {}, h('button.chip', {
    type: 'button', data: { queue: id ?? '', open: String(queue?.open ?? true) }, title: hints.join('\n'),
    aria: { pressed: String(state.queueFilter === id), label: hints.join('. ') },
    onclick: () => {
      state.queueFilter = id;
      changed();
    },
  }, h('span.chip-name', {}, name), h('span.chip-count', {}, String(count)),
  queue && !queue.open && state.queues.length === 1 ? h('span.chip-closed', {}, T.closed) : null));
}

export function visibleIds() {
  return [...listsElement.querySelectorAll('.card')].map((element) => element.dataset.id);
}

function draw() {
  if (!state.me) return;
  drawQueues();
  const inLine = waiting();
  drawSection(sections.mine, mine(), T.capacity(mine().length, state.me.capacity));
  drawSection(sections.waiting, inLine, String(inLine.length));
  sections.others.element.hidden = !supervises();
  if (supervises()) drawSection(sections.others, others(), String(others().length));
  next.hidden = !inLine.length;
}

subscribe(draw);
setInterval(() => {
  if (!state.me) return;
  for (const one of [...mine(), ...waiting()]) drawCard(one);
}, 5000);
