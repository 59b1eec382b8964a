// Above the transcript: who it is, what may be done, how long WhatsApp's window stays open; and the card beside.

import { act, may, take } from './acting.js';
import { windowLeft } from './composer.js';
import { askClose, askTakeover, askTransfer } from './dialogs.js';
import { arrange, h, icon, setText } from './dom.js';
import { duration, moment } from './format.js';
import { selected, state, subscribe } from './state.js';
import { TEXTS } from './texts.js';

const T = TEXTS.actions;
const SOON_SECONDS = 2 * 3600;

const ICONS = {
  take: 'M10 3v10M6 9l4 4 4-4M4 17h12',
  transfer: 'M4 7h11M12 4l3 3-3 3M16 13H5M8 10l-3 3 3 3',
  release: 'M8 5L4 9l4 4M4 9h8a4 4 0 0 1 0 8H9',
  close: 'M4 10.500l4 4 8-9',
};

const name = h('h2.name', { tabIndex: -1 });
const facts = h('p.facts');
const countdown = h('span.countdown', { title: TEXTS.window.hint });
const buttons = {
  take: button('take', T.take, 'primary'),
  transfer: button('transfer', T.transfer),
  release: button('release', T.release, '', T.releaseHint),
  close: button('close', T.close, '', T.closeHint),
};
export const headElement = h('header.head', {}, h('div.who', {}, name, facts), countdown,
  h('div.actions', { role: 'group', aria: { label: T.label } }, Object.values(buttons)));

function button(action, text, kind = '', hint = text) {
  const made = h('button', { type: 'button', title: hint, data: { action }, onclick: () => request(action) }, icon(ICONS[action]), h('span', {}, text));
  if (kind) made.classList.add(kind);
  return made;
}

export async function request(action) {
  const conversation = selected();
  if (!conversation || !may(action)) return;
  if (action === 'take') {
    const other = conversation.state === 'with_agent' ? conversation.agent_name
      : conversation.state === 'with_bot' ? TEXTS.authors.bot.toLowerCase() : null;
    if (other && !(await askTakeover(other))) return;
    await take(conversation.id);
  } else if (action === 'transfer') {
    const wanted = await askTransfer(conversation.queue);
    if (wanted) await act(conversation.id, 'transfer', wanted);
  } else if (action === 'release') {
    await act(conversation.id, 'release');
  } else if (await askClose()) {
    await act(conversation.id, 'close');
  }
}

function drawWindow(conversation) {
  const left = windowLeft(conversation);
  countdown.hidden = left === null || conversation.state === 'closed';
  if (left === null) return;
  setText(countdown, left > 0 ? TEXTS.window.left(duration(left)) : TEXTS.window.closed);
  countdown.dataset.state = left === 0 ? 'closed' : left < SOON_SECONDS ? 'soon' : 'open';
}

const rows = h('dl');
export const detailsElement = h('aside.details', { aria: { label: TEXTS.details.label } }, h('h2', {}, TEXTS.details.label), rows);

function drawDetails(one) {
  const D = TEXTS.details;
  const facts = [
    [D.name, one.sender_name], [D.address, one.sender_hint], [D.channel, TEXTS.channels[one.channel] || one.channel],
    [D.account, one.account_name], [D.area, state.institution?.areas[one.area]],
    [D.category, state.institution?.categories[one.category]], [D.queue, one.queue_name], [D.agent, one.agent_name],
    [D.opened, moment(one.opened_at)], [D.queued, one.queued_at && moment(one.queued_at)],
    [D.window, one.window && moment(one.window.until)],
  ];
  const made = facts.filter(([, value]) => value).flatMap(([label, value]) => [h('dt', {}, label), h('dd', {}, value)]);
  if (rows.dataset.of === `${one.id} ${one.revision}`) return;
  rows.dataset.of = `${one.id} ${one.revision}`;
  arrange(rows, made);
}

function draw() {
  const conversation = selected();
  headElement.hidden = detailsElement.hidden = !conversation;
  if (!conversation) return;
  setText(name, conversation.sender_name || TEXTS.lists.anonymous);
  const handler = conversation.state === 'with_agent' ? (conversation.mine ? TEXTS.lists.you : conversation.agent_name) : null;
  setText(facts, [TEXTS.states[conversation.state], handler, conversation.queue_name, TEXTS.channels[conversation.channel]].filter(Boolean).join(' · '));
  for (const [action, made] of Object.entries(buttons)) {
    made.hidden = !may(action);
    if (action === 'take') setText(made.lastChild, conversation.state === 'waiting_for_agent' ? T.take : T.takeover);
  }
  drawWindow(conversation);
  drawDetails(conversation);
}

subscribe(draw);
setInterval(() => {
  const conversation = selected();
  if (conversation) drawWindow(conversation);
}, 1000);
