// Reads lists and transcripts from the server.

import { Refused, api } from './api.js';
import { changed, forget, keep, selected, state, supervises } from './state.js';

const RESYNC_PAUSE_MS = 1500;
let soon = null;

// After a flood of changes: once, a little later.
export function soonLoadAll() {
  soon ??= setTimeout(() => {
    soon = null;
    loadAll();
  }, RESYNC_PAUSE_MS);
}

export async function loadAll() {
  const views = supervises() ? ['mine', 'waiting', 'all'] : ['mine', 'waiting'];
  try {
    const [queues, ...pages] = await Promise.all([api.queues(), ...views.map((view) => api.conversations(view))]);
    state.queues = queues;
    state.queuesAt = performance.now();
    const found = pages.flatMap((page) => page.items);
    const ids = new Set(found.map((one) => one.id));
    for (const id of state.conversations.keys()) if (!ids.has(id) && id !== state.selected) state.conversations.delete(id);
    found.forEach(keep);
    views.forEach((view, place) => (state.more[view] = pages[place].next));
    changed();
    if (state.selected) await loadTranscript(state.selected);
  } catch (error) {
    if (!(error instanceof Refused)) soonLoadAll();
  }
}

export async function loadMore(view) {
  const page = await api.conversations(view, state.more[view]);
  page.items.forEach(keep);
  state.more[view] = page.next;
  changed();
}

export async function loadTranscript(id, before = null) {
  try {
    const page = await api.conversation(id, before);
    keep(page.conversation);
    if (state.selected !== id) return;
    const joins = before || page.messages.some((message) => state.messages.has(message.id));
    if (!joins) state.messages.clear(); // more came than a page holds: no gap in the middle
    if (before || !joins) state.earlier = page.earlier;
    for (const message of page.messages) state.messages.set(message.id, message);
    changed();
  } catch (error) {
    if (error.status !== 404) throw error;
    forget(id);
    changed();
  }
}

export async function select(id) {
  if (state.selected === id) return;
  state.selected = id;
  state.messages.clear();
  state.earlier = null;
  changed();
  await loadTranscript(id).catch(soonLoadAll);
  document.dispatchEvent(new Event('desk:selected'));
}

// Tells the server what the agent has on the screen.
let told = '';
export async function markRead() {
  const conversation = selected();
  if (!conversation?.mine || !conversation.unread || document.hidden || !document.hasFocus()) return;
  const seen = [...state.messages.values()].map((message) => message.stored_at).sort().at(-1);
  if (!seen || `${conversation.id}${seen}` === told) return;
  told = `${conversation.id}${seen}`;
  keep({ ...conversation, unread: 0 });
  changed();
  await api.read(conversation.id, seen).catch(() => (told = ''));
}
