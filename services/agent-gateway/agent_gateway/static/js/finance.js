// The door to the finance page, which is another service's and knows no accounts: the desk lets people in.

import { api } from './api.js';
import { h, setText } from './dom.js';
import { TEXTS } from './texts.js';

const T = TEXTS.finance;

// The finance page sends people here when their time is over, to be let in again.
export const FINANCE_ANCHOR = '#finanzas';

export async function openFinance() {
  const url = await api.finance();
  if (location.hash === FINANCE_ANCHOR) history.replaceState(null, '', location.pathname);
  location.assign(url);
}

// In place of the desk, for who came for the finance page alone.
export function showFinanceDoor(place, session, logOut) {
  const said = h('p', { role: 'status' }, session.finance ? T.opening : T.none);
  const again = h('button.primary', { type: 'button', hidden: true }, T.again);
  const open = async () => {
    again.hidden = true;
    setText(said, T.opening);
    try {
      await openFinance();
    } catch (error) {
      setText(said, error.message);
    }
    again.hidden = false; // also for who comes back with the browser's button
  };
  again.addEventListener('click', open);
  place.replaceChildren(h('main.welcome', {},
    h('div.login', {},
      h('img', { src: '/static/icon.svg', alt: '', width: 44, height: 44 }),
      h('h1', {}, T.heading), said, again,
      h('button', { type: 'button', onclick: logOut }, TEXTS.top.logout))));
  if (session.finance) open();
}
