// Above everything: whose desk it is, one's own state, help, and the way out.

import { api } from './api.js';
import { showHelp } from './dialogs.js';
import { h, setText } from './dom.js';
import { changed, state, subscribe } from './state.js';
import { TEXTS } from './texts.js';

const institution = h('span.institution');
const me = h('span.me');
const choices = ['available', 'busy', 'away'].map((value) => h('option', { value }, TEXTS.presence[value]));
const presence = h('select', { id: 'presence' }, choices);
const dot = h('span.dot', { aria: { hidden: 'true' } });
const finance = h('button.quiet', { type: 'button', hidden: true }, TEXTS.top.finance);
const logout = h('button.quiet', { type: 'button' }, TEXTS.top.logout);

export const topElement = h('header.top', {},
  h('h1', {}, h('img', { src: '/static/icon.svg', alt: '', width: 24, height: 24 }), h('span', {}, TEXTS.title), institution),
  h('div.top-tools', {},
    h('label.presence', {}, h('span.only-heard', {}, TEXTS.presence.label), dot, presence),
    me,
    finance,
    h('button.quiet', { type: 'button', title: TEXTS.top.helpHint, onclick: showHelp }, TEXTS.top.help),
    logout));

export const bannerElement = h('div.banner', { role: 'status', hidden: true }, TEXTS.connection.lost);

presence.addEventListener('change', async () => {
  state.presence = presence.value;
  changed();
  await api.presence(presence.value).catch(() => {});
});

export function onFinance(handler) {
  finance.addEventListener('click', handler);
}

export function onLogout(handler) {
  logout.addEventListener('click', handler);
}

let everConnected = false;

subscribe(() => {
  if (!state.me) return;
  everConnected ||= state.connected;
  setText(institution, state.institution?.name || '');
  setText(me, `${state.me.name} · ${TEXTS.roles[state.me.role]}`);
  if (presence.value !== state.presence) presence.value = state.presence;
  finance.hidden = !state.me.finance;
  presence.disabled = !state.connected; // what was chosen before is on its way
  dot.dataset.state = state.connected ? state.presence : 'offline';
  bannerElement.hidden = state.connected || !everConnected;
});
