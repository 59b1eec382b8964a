// What is billed for a month, for good; and beside it, never in it, what is known of the month today.

import { get } from './api.js';
import { h } from './dom.js';
import { count, moment, money, monthName } from './format.js';
import { range } from './notes.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.statement;

export const loadStatement = ({ month }) => get('/v1/statement', { month });

export const drawStatement = (statement) => (statement.billed ? closed(statement, statement.billed) : open(statement));

function open(statement) {
  const when = statement.settled ? T.closing : T.open(moment(statement.closes_at));
  if (!statement.accounts.length) return [h('p.note', {}, when), h('p.nothing', {}, T.nothing)];
  return [h('p.note', {}, when), accounts(T.now, statement.accounts), ...adjusted(statement)];
}

function closed(statement, billed) {
  const { restated } = statement;
  const cash = (low, high) => T.between(money(low, billed.currency), money(high, billed.currency));
  const sums = [
    [T.billed, count(billed.accounts.reduce((all, one) => all + one.sessions, 0)), money(billed.cost, billed.currency)],
    [T.restated, range(restated.sessions_at_least, restated.sessions_at_most), cash(restated.cost_at_least, restated.cost_at_most)],
  ];
  return [
    h('p.note', {}, T.closed(moment(billed.closed_at))),
    h('dl.figures', {}, sums.map(([name, sessions, cost]) => h('div.figure', {}, h('dt', {}, name), h('dd.value.words', {}, cost), h('dd.more', {}, `${T.sessions}: ${sessions}`)))),
    h(statement.agrees ? 'p.fits' : 'p.differs', {}, statement.agrees ? `✓ ${T.agrees}` : `✗ ${T.differs}`),
    billed.accounts.length ? accounts(T.billed, billed.accounts) : h('p.nothing', {}, T.nothing),
    ...(billed.adjustments.length
      ? [adjustments(T.adjustments, billed.adjustments), h('p.note', {}, T.money(cash(billed.adjustments_cost_at_least, billed.adjustments_cost_at_most)))]
      : []),
    ...adjusted(statement),
  ];
}

const adjusted = ({ restated }) => (restated.adjustments.length ? [adjustments(T.later, restated.adjustments)] : []);

const named = (one) => `${TEXTS.channels[one.channel] || one.channel} ${one.account}`;

function accounts(caption, rows) {
  return table(
    [
      [T.account, named, { header: true }],
      [T.sessions, (one) => count(one.sessions), { number: true }],
      [T.messages, (one) => count(one.messages), { number: true }],
      [T.digest, (one) => h('code', {}, one.digest)],
    ],
    rows,
    { caption },
  );
}

function adjustments(caption, rows) {
  return table(
    [
      [T.from, (one) => monthName(one.month), { header: true }],
      [T.account, named],
      [T.messages, (one) => count(one.messages), { number: true }],
      [T.range, (one) => range(one.sessions_at_least, one.sessions_at_most), { number: true }],
    ],
    rows,
    { caption },
  );
}
