// The messages of the open conversation.

import { brief, contentElements } from './contents.js';
import { announce, arrange, h, heard, setText } from './dom.js';
import { clock, day, dayKey } from './format.js';
import { loadTranscript, markRead } from './loading.js';
import { unseen } from './outbox.js';
import { changed, queueName, selected, state, subscribe } from './state.js';
import { TEXTS } from './texts.js';

const T = TEXTS.transcript;
const NEAR_THE_END = 80;
const GROUPED_MS = 5 * 60_000;
const MARKS = { sending: '…', waiting: '…', pending: '…', accepted: '✓', sent: '✓', delivered: '✓✓', read: '✓✓', played: '✓✓', failed: '!', refused: '!' };

const items = h('ol.messages', { role: 'log', aria: { label: T.label, live: 'off' } });
const earlier = h('button.quiet.earlier', { type: 'button', onclick: loadEarlier }, T.earlier);
const newer = h('button.newer', { type: 'button', hidden: true, onclick: () => toEnd() }, T.newer);
const scroller = h('div.scroller', { tabIndex: 0, id: 'transcript', role: 'region', aria: { label: T.label } }, earlier, items);
export const transcriptElement = h('div.transcript', {}, scroller, newer);

const drawn = new Map(); // message id -> { element, of }
let shown = null;
let stick = true;

scroller.addEventListener('scroll', () => {
  stick = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END;
  if (stick) newer.hidden = true;
});

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  newer.hidden = true;
}

async function loadEarlier() {
  const height = scroller.scrollHeight;
  earlier.disabled = true;
  await loadTranscript(state.selected, state.earlier).catch(() => {});
  earlier.disabled = false;
  requestAnimationFrame(() => requestAnimationFrame(() => (scroller.scrollTop += scroller.scrollHeight - height)));
}

// A message was pushed.
export function received(conversationId, message) {
  if (conversationId !== state.selected) return;
  const isNew = !state.messages.has(message.id);
  state.messages.set(message.id, message);
  if (isNew && (message.direction === 'in' || message.author === 'telephone')) {
    const name = message.author_name || TEXTS.authors[message.author];
    announce(TEXTS.announce.message(name, brief(message.content.type, message.content.text)));
  }
  if (isNew && !stick) newer.hidden = false;
}

export function noticed(text) {
  announce(text);
}

subscribe(() => {
  const conversation = selected();
  transcriptElement.hidden = !conversation;
  if (shown !== state.selected) {
    shown = state.selected;
    drawn.clear();
    stick = true;
    newer.hidden = true;
  }
  if (!conversation) return;
  earlier.hidden = !state.earlier;
  draw();
  if (stick) toEnd();
  markRead();
});

addEventListener('focus', () => changed());

function draw() {
  const messages = [...state.messages.values()].sort((one, other) => (one.sort < other.sort ? -1 : 1));
  const pending = unseen(state.selected, messages);
  const elements = [];
  let before = null;
  for (const message of [...messages, ...pending.map(asMessage)]) {
    if (!before || dayKey(before.at) !== dayKey(message.at)) elements.push(separator(message.at));
    elements.push(elementOf(message, follows(before, message)));
    before = message;
  }
  arrange(items, elements);
}

function asMessage(one) {
  return {
    id: one.key, at: one.at, direction: 'out', author: 'agent', author_id: state.me.id, author_name: state.me.name,
    content: one.content, status: one.offline ? 'waiting' : 'sending', parts: [],
  };
}

function follows(before, message) {
  return Boolean(before) && before.direction === message.direction && message.direction !== 'note'
    && before.author === message.author && before.author_id === message.author_id
    && Date.parse(message.at) - Date.parse(before.at) < GROUPED_MS;
}

function separator(at) {
  const key = `day ${dayKey(at)}`;
  if (!drawn.has(key)) drawn.set(key, { element: h('li.day', {}, h('span', {}, day(at))) });
  return drawn.get(key).element;
}

function elementOf(message, grouped) {
  const known = drawn.get(message.id);
  const of = JSON.stringify([message.status, message.parts, grouped, message.content]);
  if (known?.of === of) return known.element;
  const element = message.direction === 'note' ? note(message) : bubble(message, grouped);
  if (known?.element.parentNode) known.element.replaceWith(element);
  drawn.set(message.id, { element, of });
  return element;
}

function bubble(message, grouped) {
  const who = author(message);
  return h(
    `li.message.${message.direction}.by-${message.author}`,
    { data: { id: message.id, grouped: String(grouped) } },
    h('div.bubble', {},
      grouped ? heard(`${who}: `) : h('div.author', {}, who),
      message.forwarded ? h('span.kind', {}, T.forwarded) : null,
      quote(message),
      contentElements(message.content),
      h('div.meta', {}, h('time', { dateTime: message.at }, clock(message.at)), status(message))),
  );
}

function author(message) {
  const kind = TEXTS.authors[message.author];
  if (message.author === 'contact' || message.author === 'agent') return message.author_name || kind;
  return kind;
}

function quote(message) {
  if (!message.reply_to) return null;
  const quoted = [...state.messages.values()].find((one) => one.provider_message_id === message.reply_to
    || one.parts.some((part) => part.provider_message_id === message.reply_to));
  const text = quoted ? brief(quoted.content.type, quoted.content.text || quoted.content.caption) : '…';
  return h('blockquote.quote', {}, heard(`${T.quoted}: `), text);
}

function status(message) {
  if (message.direction !== 'out' || !message.status) return null;
  const code = message.status === 'refused' && message.parts.map((part) => part.error_code).find(Boolean);
  const told = TEXTS.statuses.refusals[code] || TEXTS.statuses[message.status] || message.status;
  const parts = message.parts.length > 1
    ? message.parts.map((part) => TEXTS.statuses.part(part.part + 1, message.parts.length, TEXTS.statuses[part.status]))
    : [];
  const errors = [...new Set(message.parts.map((part) => part.error).filter(Boolean))];
  const instead = message.parts.map((part) => part.template).find(Boolean);
  const failed = message.status === 'failed' || message.status === 'refused';
  return [
    h(`span.status.is-${message.status}`, { title: [told, ...parts, ...errors].join('\n') },
      h('span', { aria: { hidden: 'true' } }, MARKS[message.status] || '·'), failed ? ` ${told}` : heard(told)),
    instead ? h('span.instead', {}, TEXTS.statuses.template(instead)) : null,
  ];
}

function note(message) {
  const content = message.content;
  const tell = TEXTS.changes[content.change];
  const who = message.author === 'agent' ? agentName(message) : TEXTS.actors[message.author];
  const subject = [state.institution?.areas[content.area], state.institution?.categories[content.category]].filter(Boolean).join(' · ');
  const text = tell ? tell(who, queueName(content.queue), subject) : content.change;
  const reason = TEXTS.reasons[content.reason];
  return h('li.note', { data: { id: message.id } },
    h('span', {}, reason ? `${text} (${reason})` : text, ' ', h('time', { dateTime: message.at }, clock(message.at))),
    content.note ? h('p.passed-on', {}, h('strong', {}, `${TEXTS.changes.note}: `), content.note) : null);
}

function agentName(message) {
  if (message.author_id === state.me.id) return TEXTS.lists.you;
  return message.author_name || message.author_id || TEXTS.actors.agent;
}

export const emptyElement = h('div.empty', {}, h('h2', {}, T.empty), h('p', {}, T.emptyHint));
subscribe(() => {
  emptyElement.hidden = Boolean(selected());
  setText(emptyElement.querySelector('h2'), T.empty);
});
