// The desk: log in, then show the three panes and keep them true.

import { api, onSessionEnd } from './api.js';
import { composerElement, focusComposer } from './composer.js';
import { announce, h } from './dom.js';
import { connect, disconnect } from './events.js';
import { FINANCE_ANCHOR, openFinance, showFinanceDoor } from './finance.js';
import { useZone } from './format.js';
import { detailsElement, headElement } from './head.js';
import { listenForShortcuts } from './keyboard.js';
import { listsElement } from './lists.js';
import { logIn } from './login.js';
import { noticePlace, notify } from './notices.js';
import { restore } from './outbox.js';
import { changed, state } from './state.js';
import { TEXTS } from './texts.js';
import { bannerElement, onFinance, onLogout, topElement } from './topbar.js';
import { emptyElement, transcriptElement } from './transcript.js';

const place = document.getElementById('desk');

function skipTo(target, text) {
  const go = (event) => {
    event.preventDefault();
    if (target === 'composer') focusComposer();
    else document.getElementById(target).focus();
  };
  return h('a.skip', { href: `#${target}`, onclick: go }, text);
}

function panes() {
  const skips = Object.entries(TEXTS.skip).map(([target, text]) => skipTo(target, text));
  return [
    ...skips, topElement, bannerElement,
    h('div.panes', {}, listsElement, h('main.conversation', {}, emptyElement, headElement, transcriptElement, composerElement), detailsElement),
    noticePlace(),
  ];
}

async function start(session) {
  const asked = session.finance && location.hash === FINANCE_ANCHOR;
  if (session.role === 'finance' || asked) return showFinanceDoor(place, session, logOut);
  state.me = session;
  state.institution = await api.institution();
  useZone(state.institution.time_zone);
  place.replaceChildren(...panes());
  restore();
  changed();
  connect(end);
}

async function end() {
  if (!state.me) return;
  disconnect();
  Object.assign(state, { me: null, selected: null, connected: false, queues: [], more: {} });
  state.conversations.clear();
  state.messages.clear();
  announce('');
  changed();
  await start(await logIn(place, TEXTS.login.ended));
}

onSessionEnd(end);

async function logOut() {
  disconnect();
  await api.logout().catch(() => {});
  sessionStorage.clear();
  location.reload();
}

onLogout(logOut);
onFinance(() => openFinance().catch((error) => notify(error.message, 'warning')));
listenForShortcuts();
document.title = TEXTS.title;
start(await api.session().catch(() => logIn(place)));
