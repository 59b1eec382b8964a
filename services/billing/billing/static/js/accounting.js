// Whether everything that was received has one outcome.

import { get } from './api.js';
import { h } from './dom.js';
import { count } from './format.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.accounting;
const REASONED = ['duplicate', 'excluded', 'quarantined'];

export const loadAccounting = () => get('/v1/accounting');

export function drawAccounting(accounting) {
  const { topic } = accounting;
  if (!accounting.received && !topic.done) return T.none;
  return [
    h(accounting.adds_up ? 'p.fits' : 'p.differs', {}, accounting.adds_up ? `✓ ${T.fits}` : `✗ ${T.differs(count(accounting.unaccounted))}`),
    outcomes(accounting),
    h('p.note', {}, [T.topic(count(topic.done), count(topic.dead_letters), count(topic.waiting)), topic.working ? T.working : ''].join(' ')),
    reasons(accounting.accounts),
  ];
}

const whole = (by) => Object.values(by).reduce((all, one) => all + one, 0);

function outcomes(accounting) {
  const figure = (key) => [T[key], (one) => count(REASONED.includes(key) ? whole(one[key]) : one[key]), { number: true }];
  const keys = ['received', 'counted', ...REASONED, 'moved'];
  return table(
    [[T.account, (one) => `${TEXTS.channels[one.channel] || one.channel} ${one.account}${one.adds_up ? '' : ' ✗'}`, { header: true }], ...keys.map(figure)],
    accounting.accounts,
    { label: T.heading, foot: [T.total, ...keys.map((key) => count(accounting[key]))] },
  );
}

function reasons(accounts) {
  const found = REASONED.flatMap((outcome) => {
    const sums = {};
    for (const one of accounts) for (const [reason, times] of Object.entries(one[outcome])) sums[reason] = (sums[reason] || 0) + times;
    return Object.entries(sums).map(([reason, times]) => ({ outcome, reason, times }));
  });
  if (!found.length) return null;
  return h('details', {}, h('summary', {}, T.reasonsLabel),
    table(
      [
        [T.outcome, (one) => T[one.outcome], { header: true }],
        [T.reason, (one) => T.reasons[one.outcome][one.reason] || one.reason],
        [T.statuses, (one) => count(one.times), { number: true }],
      ],
      found,
    ));
}
