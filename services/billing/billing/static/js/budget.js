// The money that was set aside: month by month, and whether it lasts.

import { Refused, get } from './api.js';
import { h } from './dom.js';
import { count, money, monthName } from './format.js';
import { table } from './panel.js';
import { TEXTS } from './texts.js';

const T = TEXTS.budget;

export async function loadBudget() {
  try {
    return await get('/v1/budget');
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

export function drawBudget(budget, { month }) {
  if (!budget) return T.none;
  const cash = (text) => money(text, budget.currency);
  const columns = [
    [T.month, (one) => monthName(one.month), { header: true, when: true }],
    [T.state, (one) => T.states[one.state] || one.state, { when: true }],
    [T.sessions, (one) => count(one.sessions), { number: true }],
    [T.spent, (one) => cash(one.spent), { number: true }],
    [T.committed, (one) => cash(one.committed), { number: true }],
    [T.forecast, (one) => cash(one.forecast), { number: true }],
    [T.left, (one) => cash(one.left), { number: true }],
  ];
  const sums = [['amount', T.amount], ['spent', T.spent], ['committed', T.committed], ['left', T.left], ['forecast', T.forecast]];
  const over = budget.exceeded_in;
  return [
    h('p.lead', { title: budget.source }, T.of(budget.name, budget.plan)),
    h('dl.figures', {}, sums.map(([key, name]) => h(`div.figure${key === 'left' && Number(budget.left) < 0 ? '.alarm' : ''}`, {}, h('dt', {}, name), h('dd.value.words', {}, cash(budget[key]))))),
    h(`p.note${over ? '.warning' : ''}`, {}, over ? T.exceeded(monthName(over)) : T.enough(cash(budget.forecast_left))),
    table(columns, budget.months, { label: T.heading, current: (one) => one.month === month }),
  ];
}
