// Questions to the agent, in the browser's own modal dialog: it keeps the focus inside and gives it back.

import { h } from './dom.js';
import { state } from './state.js';
import { TEXTS } from './texts.js';

let number = 0;

// Resolves to what `read` gives when it is confirmed, to null when it is not.
function ask({ heading, lead, fields = [], confirm, cancel = TEXTS.cancel, read = () => true }) {
  return new Promise((resolve) => {
    const id = `dialog-${(number += 1)}`;
    const yes = h('button.primary', { type: 'submit', value: 'yes' }, confirm);
    const no = cancel ? h('button', { type: 'button', onclick: () => dialog.close() }, cancel) : null;
    const form = h('form', { method: 'dialog' }, h('h2', { id }, heading), lead ? h('p', {}, lead) : null, fields, h('div.buttons', {}, no, yes));
    const dialog = h('dialog', { aria: { labelledby: id } }, form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      dialog.close('yes');
    });
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes' ? read() : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    if (!fields.length) yes.focus();
  });
}

export function isAsking() {
  return Boolean(document.querySelector('dialog[open]'));
}

export function askTransfer(current) {
  const T = TEXTS.transfer;
  const option = (queue) => h('option', { value: queue.id }, queue.open ? queue.name : `${queue.name} (${TEXTS.lists.closed})`);
  const queue = h('select', { required: true, autofocus: true }, state.institution.queues.filter(({ id }) => id !== current).map(option));
  const note = h('textarea', { rows: 3, maxLength: 1000 });
  const fields = [h('label.field', {}, h('span', {}, T.queue), queue), h('label.field', {}, h('span', {}, T.note), note)];
  const read = () => ({ queue: queue.value, note: note.value.trim() || null });
  return ask({ heading: T.heading, lead: T.lead, fields, confirm: T.confirm, read });
}

export const askClose = () => ask(TEXTS.close);

export const askTakeover = (name) => ask({ ...TEXTS.takeover, lead: TEXTS.takeover.lead(name) });

export function showHelp() {
  const T = TEXTS.help;
  const rows = T.keys.map(([keys, does]) => h('div.key', {}, h('dt', {}, h('kbd', {}, keys)), h('dd', {}, does)));
  return ask({ heading: T.heading, fields: [h('dl.keys', {}, rows)], confirm: T.done, cancel: null });
}
