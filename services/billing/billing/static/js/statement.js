// What is billed for a month, for good, beside what is known of it today.

import { get } from './api.js';
import { h } from './dom.js';
import { count } from './format.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.statement;

export const loadStatement = ({ month }) => get('/v1/statement', { month });

export function drawStatement(statement) {
  const state = h('p.note', {}, statement.settled ? T.settled : T.open);
  if (!statement.accounts.length) return [state, h('p.nothing', {}, T.nothing)];
  return [state, lines(T.restated, statement.accounts)];
}

function lines(caption, rows) {
  return table(
    [
      [T.account, (one) => `${TEXTS.channels[one.channel] || one.channel} ${one.account}`, { header: true }],
      [T.sessions, (one) => count(one.sessions), { number: true }],
      [T.messages, (one) => count(one.messages), { number: true }],
      [T.digest, (one) => h('code', {}, one.digest)],
    ],
    rows,
    { caption },
  );
}
