// What a message holds, as elements. What we do not know is shown as such, with its data.

import { h } from './dom.js';
import { TEXTS } from './texts.js';

const T = TEXTS.contents;

function labelled(label, ...more) {
  return [h('span.kind', {}, label), ...more];
}

function words(text) {
  return text ? h('p.words', {}, text) : null;
}

function data(value) {
  if (!value || !Object.keys(value).length) return null;
  return h('details.data', {}, h('summary', {}, T.details), h('pre', {}, JSON.stringify(value, null, 2)));
}

function options(content) {
  const row = (option) => h('li', {}, option.title, option.description ? h('small', {}, option.description) : null);
  return h('ul.options', { aria: { label: T.menu } }, content.options.map(row));
}

function media(content) {
  const label = content.type === 'audio' && content.voice ? T.voice : T[content.type];
  return labelled(label, content.filename ? h('span.file', {}, content.filename) : null, words(content.caption));
}

function place(content) {
  const where = `${content.latitude.toFixed(5)}, ${content.longitude.toFixed(5)}`;
  return labelled(T.location, words([content.name, content.address].filter(Boolean).join(', ')), h('span.file', {}, where));
}

function card(one) {
  return words(T.contact(one?.name?.formatted_name || one?.name?.first_name));
}

const SHOW = {
  text: (content) => [words(content.text || T.noText)],
  image: media,
  audio: media,
  video: media,
  document: media,
  sticker: media,
  location: place,
  contacts: (content) => labelled(T.contacts, content.cards.map(card), data(content.cards)),
  choice: (content) => labelled(T.choice, words(content.title), content.description ? h('small', {}, content.description) : null),
  flow_answer: (content) => labelled(T.flow_answer, words(content.body || content.name), data(content.answers)),
  reaction: (content) => [words(content.emoji ? T.reaction(content.emoji) : T.reactionRemoved)],
  order: (content) => labelled(T.order, words(content.text), h('span.file', {}, T.items(content.items?.length || 0)), data(content.items)),
  system: (content) => labelled(T.system, words(content.body || content.kind)),
  menu: (content) => [words(content.text), options(content)],
  template: (content) => labelled(T.template, h('span.file', {}, content.name), words((content.parameters || []).join(' · '))),
  unknown: (content) => [h('p.words.unknown', {}, T.unknown(content.provider_type)), data(content.payload)],
};

export function contentElements(content) {
  const show = SHOW[content.type];
  const found = show ? show(content) : [h('p.words.unknown', {}, T.unknown(content.type)), data(content)];
  return found.flat().filter(Boolean);
}

// A line about a message, where there is no room for it.
export function brief(kind, text) {
  if (kind === 'text' || kind === 'menu') return text || '';
  if (kind === 'reaction') return text ? T.reaction(text) : T.reactionRemoved;
  const label = typeof T[kind] === 'string' ? T[kind] : T.unknown(kind);
  return text ? `${label}: ${text}` : label;
}
