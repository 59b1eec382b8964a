// Where an agent writes. Enter sends, Shift+Enter breaks the line; what was typed stays with its conversation.

import { h, setText } from './dom.js';
import { grown, shrunk } from './format.js';
import { loadTranscript } from './loading.js';
import { send } from './outbox.js';
import { changed, selected, state, subscribe } from './state.js';
import { TEXTS } from './texts.js';

const T = TEXTS.composer;
const LONGEST = 4096;
const TELL_LEFT = 200;

const drafts = new Map();
let shown = null;

const field = h('textarea', { id: 'composer', rows: 1, maxLength: LONGEST, placeholder: T.placeholder, aria: { label: T.label } });
const left = h('span.left', { aria: { live: 'polite' } });
const button = h('button.primary', { type: 'submit' }, T.send);
const form = h('form.writing', {}, field, left, button);
const offer = h('button.primary', { type: 'button' });
const reason = h('p');
const instead = h('div.instead-of-writing', {}, reason, offer);
export const composerElement = h('section.composer', { aria: { label: T.label } }, form, instead);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});

field.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!event.repeat) submit();
});

field.addEventListener('input', () => {
  if (shown) drafts.set(shown, field.value);
  fit();
});

function submit() {
  const text = field.value.trim();
  const conversation = selected();
  if (!text || !conversation || !writable(conversation)) return;
  // Emptied in the same turn of the loop: a second Enter finds nothing to send.
  drafts.delete(conversation.id);
  field.value = '';
  fit();
  send(conversation.id, { text }, { type: 'text', text });
  field.focus();
}

offer.addEventListener('click', () => {
  const conversation = selected();
  if (!conversation?.template) return;
  const { name, language } = conversation.template;
  send(conversation.id, { template: name }, { type: 'template', name, language, parameters: [] });
});

document.addEventListener('desk:refused', ({ detail }) => {
  const text = detail.answer.body.text;
  if (!text) return;
  drafts.set(detail.id, [text, drafts.get(detail.id)].filter(Boolean).join('\n'));
  if (detail.id === shown) {
    field.value = drafts.get(shown);
    fit();
  }
});

// The answer is in the projection before the server says yes: read it, then its stand-in can go.
document.addEventListener('desk:sent', async ({ detail }) => {
  if (detail.id === state.selected) await loadTranscript(detail.id).catch(() => {});
  detail.resolve();
});

function fit() {
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight + 2, 180)}px`;
  const count = LONGEST - field.value.length;
  setText(left, count <= TELL_LEFT ? T.left(count) : '');
}

export function windowLeft(conversation) {
  return conversation.window ? shrunk(conversation.window.seconds_left, conversation.seenAt) : null;
}

export function waitOf(conversation) {
  return conversation.waiting_seconds === null ? null : grown(conversation.waiting_seconds, conversation.seenAt);
}

function writable(conversation) {
  return conversation.actions.includes('reply') && windowLeft(conversation) !== 0;
}

function why(conversation) {
  if (conversation.actions.includes('reply')) return conversation.template ? T.windowClosed : `${T.windowClosed} ${T.noTemplate}`;
  if (conversation.state === 'closed') return T.closed;
  if (conversation.state === 'with_bot') return T.withBot;
  if (conversation.state === 'with_agent') return T.withOther(conversation.agent_name);
  return T.waiting;
}

export function focusComposer() {
  if (!form.hidden) field.focus();
}

function draw() {
  const conversation = selected();
  composerElement.hidden = !conversation;
  if (shown !== state.selected) {
    shown = state.selected;
    field.value = drafts.get(shown) || '';
    requestAnimationFrame(fit);
  }
  if (!conversation) return;
  const may = writable(conversation);
  const hadFocus = document.activeElement === field;
  form.hidden = !may;
  instead.hidden = may;
  if (may) return;
  setText(reason, why(conversation));
  const offered = conversation.actions.includes('reply') && conversation.template;
  offer.hidden = !offered;
  if (offered) setText(offer, T.sendTemplate(conversation.template.name));
  if (hadFocus && offered) offer.focus();
}

subscribe(draw);
setInterval(() => {
  const conversation = selected();
  if (conversation?.window && form.hidden === writable(conversation)) changed();
}, 1000);
document.addEventListener('desk:taken', () => requestAnimationFrame(focusComposer));
