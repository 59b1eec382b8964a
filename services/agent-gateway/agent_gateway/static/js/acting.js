// What an agent does. Every deed has a key, kept until the server has answered: a deed counts once.

import { Offline, Refused, api, newKey } from './api.js';
import { notify } from './notices.js';
import { loadTranscript, select } from './loading.js';
import { changed, forget, keep, selected, state, waiting } from './state.js';
import { TEXTS } from './texts.js';

const AGAIN_MS = [500, 1000, 2000, 4000, 8000];
const busy = new Set();

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const temporary = (error) => error instanceof Offline || (error instanceof Refused && error.status >= 500);

// Asks until there is an answer. Resolves to the answer's body; rejects with `Refused` when it is no.
export async function insist(id, kind, body, key, onWait = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await api.act(id, kind, body, key);
      if (answer.status !== 202) return answer.body;
    } catch (error) {
      if (!temporary(error)) throw error;
      onWait();
    }
    await later(AGAIN_MS[Math.min(attempt, AGAIN_MS.length - 1)]);
  }
}

export async function act(id, kind, body) {
  const name = `${id} ${kind}`;
  if (busy.has(name)) return false;
  busy.add(name);
  try {
    const answer = await insist(id, kind, body, newKey(), () => notify(TEXTS.errors.offline));
    if (answer.conversation) keep(answer.conversation);
    else forget(id);
    changed();
    if (state.selected === id) await loadTranscript(id).catch(() => {});
    return true;
  } catch (error) {
    if (error.body?.conversation) keep(error.body.conversation);
    notify(error.message, 'warning');
    changed();
    return false;
  } finally {
    busy.delete(name);
  }
}

export async function take(id) {
  if (await act(id, 'take')) document.dispatchEvent(new Event('desk:taken'));
}

export async function takeNext() {
  const [first] = waiting();
  if (!first) return;
  await select(first.id);
  await take(first.id);
}

export const may = (action) => Boolean(selected()?.actions.includes(action));
