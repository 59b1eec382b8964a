// What is shown to who is not let in: the desk knows the accounts, and sends people back here with a token.

import { h } from './dom.js';
import { TEXTS } from './texts.js';

const T = TEXTS.door;
const ANCHOR = '#finanzas'; // tells the desk to send people on at once

export function door(desk, said = T.lead) {
  return h('main.welcome', {},
    h('div.door', {},
      h('img', { src: '/static/icon.svg', alt: '', width: 44, height: 44 }),
      h('h1', {}, T.heading), h('p', { role: 'status' }, said),
      desk ? h('a.button', { href: `${desk}${ANCHOR}` }, T.enter) : h('p', {}, T.elsewhere)));
}
