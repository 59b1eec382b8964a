// The socket that tells what happens. It comes back by itself, and everything is read again when it does.

import { announce } from './dom.js';
import { loadAll, soonLoadAll } from './loading.js';
import { changed, forget, keep, state } from './state.js';
import { TEXTS } from './texts.js';
import { noticed, received } from './transcript.js';

const PING_MS = 20_000;
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

const SESSION_ENDED = 4401;

let socket = null;
let pause = FIRST_PAUSE_MS;
let lastFrame = 0;
let wanted = false;
let onEnd = () => {};

export function connect(whenSessionEnds) {
  onEnd = whenSessionEnds;
  wanted = true;
  open();
}

export function disconnect() {
  wanted = false;
  socket?.close();
}

function open() {
  if (!wanted) return;
  const mine = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/events`);
  socket = mine;
  lastFrame = Date.now();
  mine.onmessage = (event) => {
    lastFrame = Date.now();
    handle(JSON.parse(event.data));
  };
  mine.onclose = (event) => {
    if (socket !== mine) return;
    socket = null;
    if (event.code === SESSION_ENDED && wanted) {
      wanted = false;
      onEnd();
      return;
    }
    if (state.connected) {
      state.connected = false;
      changed();
    }
    if (wanted) setTimeout(open, pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  };
}

setInterval(() => {
  if (!socket) return;
  if (Date.now() - lastFrame > SILENCE_MS) socket.close();
  else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
}, PING_MS);
addEventListener('online', () => {
  pause = FIRST_PAUSE_MS;
  if (wanted && !socket) open();
});

function handle(push) {
  switch (push.type) {
    case 'hello':
      pause = FIRST_PAUSE_MS;
      state.connected = true;
      state.presence = push.presence;
      loadAll();
      document.dispatchEvent(new Event('desk:connected'));
      break;
    case 'conversation':
      arrived(push.conversation);
      break;
    case 'gone':
      if (state.selected === push.conversation_id) noticed(TEXTS.transcript.gone);
      forget(push.conversation_id);
      break;
    case 'message':
      received(push.conversation_id, push.message);
      break;
    case 'status':
      withStatus(push);
      break;
    case 'queues':
      state.queues = push.queues;
      state.queuesAt = performance.now();
      break;
    case 'resync':
      soonLoadAll();
      break;
    default:
      return;
  }
  changed();
}

function arrived(view) {
  const known = state.conversations.get(view.id);
  keep(view);
  if (view.state === 'waiting_for_agent' && known?.state !== 'waiting_for_agent')
    announce(TEXTS.announce.waiting(view.sender_name || TEXTS.lists.anonymous));
}

function withStatus(push) {
  const message = state.messages.get(push.message_id);
  if (message && push.conversation_id === state.selected)
    state.messages.set(message.id, { ...message, status: push.status, parts: push.parts });
}
