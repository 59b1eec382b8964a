// What the page knows. Parts of the page subscribe; a change is drawn once, in the next frame.

export const state = {
  me: null,
  institution: null,
  presence: 'available',
  connected: false,
  queues: [],
  queuesAt: 0,
  conversations: new Map(), // id -> view, with `seenAt` by the performance clock
  queueFilter: null,
  selected: null,
  messages: new Map(), // of the selected conversation, by id
  earlier: null,
  more: {}, // view -> cursor
};

const listeners = new Set();
let drawing = false;

export function subscribe(listener) {
  listeners.add(listener);
}

export function changed() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    for (const listener of listeners) listener();
  });
}

// Newer or as new as what is known; `seenAt` lets waits and windows run on by themselves.
// What comes after the session's end is dropped: the next person at this screen may stand behind other walls.
export function keep(view) {
  if (!state.me) return;
  const known = state.conversations.get(view.id);
  if (known && known.revision > view.revision) return;
  state.conversations.set(view.id, { ...view, seenAt: performance.now() });
}

export function forget(id) {
  state.conversations.delete(id);
  if (state.selected === id) {
    state.selected = null;
    state.messages.clear();
  }
}

export function selected() {
  return state.selected ? state.conversations.get(state.selected) : undefined;
}

const all = () => [...state.conversations.values()];
const lastAt = (one) => (one.last ? one.last.at : one.opened_at);
const latestFirst = (one, other) => (lastAt(one) < lastAt(other) ? 1 : -1);

export function mine() {
  return all().filter((one) => one.mine && one.state === 'with_agent').sort(latestFirst);
}

export function waiting() {
  const inLine = (one, other) => (one.queued_at < other.queued_at ? -1 : 1);
  return all()
    .filter((one) => one.state === 'waiting_for_agent' && (!state.queueFilter || one.queue === state.queueFilter))
    .sort(inLine);
}

export function others() {
  const going = (one) => one.state === 'with_bot' || (one.state === 'with_agent' && !one.mine);
  return all().filter((one) => going(one) && (!state.queueFilter || one.queue === state.queueFilter)).sort(latestFirst);
}

export const supervises = () => state.me && state.me.role !== 'agent';
export const queueName = (id) => state.institution?.queues.find((queue) => queue.id === id)?.name || id || '';
