// Files of the month.

import { download } from './api.js';
import { announce, h, setText } from './dom.js';
import { monthName } from './format.js';
import { TEXTS } from './texts.js';

const T = TEXTS.exports;

export function exportsPanel() {
  const lead = h('p.lead');
  const said = h('p.note', { role: 'status' });
  let month = null;
  const file = (path, text) => {
    const button = h('button', { type: 'button' }, text);
    button.addEventListener('click', async () => {
      button.disabled = true;
      setText(said, TEXTS.panel.waiting);
      try {
        setText(said, T.done(await download(path, { month })));
      } catch (error) {
        setText(said, error.status === 501 ? TEXTS.errors.noParquet : error.message);
      } finally {
        button.disabled = false;
        announce(said.textContent);
      }
    });
    return button;
  };
  const element = h('section.panel.exports', { aria: { labelledby: 'exports' } },
    h('h2', { id: 'exports' }, T.heading), lead,
    h('div.buttons', {}, file('/v1/sessions.csv', T.sessionsCsv), file('/v1/sessions.parquet', T.sessionsParquet), file('/v1/usage.csv', T.usageCsv)), said);
  const show = (choice) => {
    if (month !== choice.month) setText(said, '');
    month = choice.month;
    setText(lead, T.lead(monthName(month)));
  };
  return { element, show };
}
