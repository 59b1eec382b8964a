// Shortcuts. By place of the key, so that a Spanish layout and a Mac's Alt do the same.

import { takeNext } from './acting.js';
import { focusComposer } from './composer.js';
import { isAsking, showHelp } from './dialogs.js';
import { request } from './head.js';
import { visibleIds } from './lists.js';
import { select } from './loading.js';
import { state } from './state.js';

const WITH_ALT = {
  ArrowUp: () => step(-1),
  ArrowDown: () => step(1),
  KeyS: takeNext,
  KeyT: () => request('take'),
  KeyM: () => request('transfer'),
  KeyL: () => request('release'),
  KeyX: () => request('close'),
  KeyC: focusComposer,
};

async function step(by) {
  const ids = visibleIds();
  if (!ids.length) return;
  const at = ids.indexOf(state.selected);
  const id = ids[at === -1 ? 0 : Math.min(Math.max(at + by, 0), ids.length - 1)];
  await select(id);
  document.querySelector(`.card[data-id="${id}"]`)?.scrollIntoView({ block: 'nearest' });
}

export function listenForShortcuts() {
  addEventListener('keydown', (event) => {
    if (isAsking() || !state.me) return;
    const deed = event.key === 'F1' ? showHelp
      : event.altKey && !event.ctrlKey && !event.metaKey ? WITH_ALT[event.code] : null;
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}
