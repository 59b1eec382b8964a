// The way in.

import { api } from './api.js';
import { h, setText } from './dom.js';
import { TEXTS } from './texts.js';

const T = TEXTS.login;

// Resolves to the session when the server has let somebody in.
export function logIn(place, notice = '') {
  return new Promise((resolve) => {
    const username = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true, maxLength: 100 });
    const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true, maxLength: 200 });
    const problem = h('p.problem', { role: 'alert' }, notice);
    const enter = h('button.primary', { type: 'submit' }, T.enter);
    const form = h('form.login', {},
      h('img', { src: '/static/icon.svg', alt: '', width: 44, height: 44 }),
      h('h1', {}, T.heading), h('p', {}, T.lead),
      h('label.field', {}, h('span', {}, T.username), username),
      h('label.field', {}, h('span', {}, T.password), password), problem, enter);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      enter.disabled = true;
      setText(enter, T.entering);
      try {
        resolve(await api.login(username.value, password.value));
      } catch (error) {
        setText(problem, error.message);
        password.select();
      } finally {
        enter.disabled = false;
        setText(enter, T.enter);
      }
    });
    place.replaceChildren(h('main.welcome', {}, form));
    username.focus();
  });
}
