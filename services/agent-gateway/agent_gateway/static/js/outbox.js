// Answers on their way. Each has a key, is sent in order until the server has answered, and survives a reload.

import { Refused, newKey } from './api.js';
import { insist } from './acting.js';
import { notify } from './notices.js';
import { changed, keep, state } from './state.js';
import { TEXTS } from './texts.js';

const KEPT_IN = 'ventanilla.outbox';
const queues = new Map(); // conversation id -> answers
let owner = '';

const pendingOf = (id) => queues.get(id) || [];

// Those that the transcript does not show yet. A pushed message may be here before the server's answer is:
// each answer claims one message of its own words that was not there when it was written.
export function unseen(id, messages) {
  const claimed = new Set();
  return pendingOf(id).filter((answer) => {
    const shown = answer.known && messages.find((one) => one.direction === 'out' && one.author_id === state.me.id
      && one.content.text === answer.content.text && one.content.name === answer.content.name
      && !answer.known.has(one.id) && !claimed.has(one.id));
    if (shown) claimed.add(shown.id);
    return !shown;
  });
}

function remember() {
  const all = [...queues].flatMap(([id, answers]) => answers.map(({ key, at, body, content }) => ({ id, key, at, body, content })));
  sessionStorage.setItem(KEPT_IN, JSON.stringify({ owner, all }));
}

// After a reload: what had no answer yet is asked again, with its old key.
export function restore() {
  owner = state.me.id;
  const kept = JSON.parse(sessionStorage.getItem(KEPT_IN) || '{}');
  if (kept.owner !== owner) return remember();
  for (const { id, ...answer } of kept.all) enqueue(id, answer);
}

export function send(id, body, content) {
  enqueue(id, { key: newKey(), at: new Date().toISOString(), body, content, known: new Set(state.messages.keys()) });
}

function enqueue(id, answer) {
  const queue = queues.get(id) || [];
  queues.set(id, [...queue, answer]);
  remember();
  changed();
  if (!queue.length) work(id);
}

async function work(id) {
  while (pendingOf(id).length) {
    const [answer] = pendingOf(id);
    try {
      const done = await insist(id, 'reply', answer.body, answer.key, () => {
        answer.offline = true;
        changed();
      });
      if (done.conversation) keep(done.conversation);
      await new Promise((resolve) => document.dispatchEvent(new CustomEvent('desk:sent', { detail: { id, resolve } })));
    } catch (error) {
      refuse(id, answer, error);
    }
    queues.set(id, pendingOf(id).filter((one) => one !== answer));
    if (id === state.selected) for (const one of pendingOf(id)) for (const known of state.messages.keys()) one.known?.add(known);
    remember();
    changed();
  }
}

function refuse(id, answer, error) {
  if (error instanceof Refused && error.body.conversation) keep(error.body.conversation);
  notify(`${TEXTS.composer.notSent} ${error.message}`, 'warning');
  document.dispatchEvent(new CustomEvent('desk:refused', { detail: { id, answer, code: error.code } }));
}
