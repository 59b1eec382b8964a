// The month in five figures.

import { get } from './api.js';
import { h } from './dom.js';
import { count, day, money, monthName, percent } from './format.js';
import { TEXTS } from './texts.js';

const T = TEXTS.figures;

export const loadFigures = ({ month, channel }) => get('/v1/balance', { month, channel });

function figure(name, value, { more = [], alarm = false, words = false, extra = null } = {}) {
  return h(`div.figure${alarm ? '.alarm' : ''}`, {},
    h('dt', {}, name), h(`dd.value${words ? '.words' : ''}`, {}, value),
    more.filter(Boolean).map((text) => h('dd.more', {}, text)), extra ? h('dd', {}, extra) : null);
}

export function drawFigures(balance, choice) {
  const { forecast } = balance;
  return [
    h('dl.figures', {}, used(balance), left(balance), cost(balance, choice), end(forecast, choice), exhaustion(balance, choice)),
    assumptions(balance),
  ];
}

function used({ used: sessions, allotment }) {
  if (!allotment) return figure(T.used, count(sessions), { more: [T.unlimited] });
  const extra = h('progress', { max: allotment, value: Math.min(sessions, allotment), aria: { label: T.used } });
  return figure(T.used, count(sessions), { more: [T.usedOf(count(allotment), percent(sessions, allotment))], extra });
}

function left(balance) {
  if (!balance.allotment) return null;
  if (balance.overage) return figure(T.overage, count(balance.overage), { more: [T.overageMore], alarm: true });
  return figure(T.left, count(balance.left), { more: [T.leftMore] });
}

function cost(balance, choice) {
  const more = [choice.over ? T.costFinal : T.costSoFar];
  if (balance.prices_of) more.push(T.pricesOf(monthName(balance.prices_of), balance.plan));
  return figure(T.cost, money(balance.cost, balance.currency), { more });
}

function end(forecast, choice) {
  if (choice.over) return figure(T.end, T.over, { more: [T.overMore], words: true });
  if (!forecast || forecast.expected === null) return figure(T.end, T.endUnknown, { more: [T.endUnknownMore], words: true });
  const range = forecast.low === null ? null : T.endRange(count(forecast.low), count(forecast.high), T.ofTen(count(forecast.level * 10)));
  return figure(T.end, count(forecast.expected), { more: [range, forecast.cost_expected && T.endCost(money(forecast.cost_expected, forecast.currency))] });
}

function exhaustion({ allotment, overage, forecast }, choice) {
  if (!allotment || !forecast) return null;
  const { exhausted_on: on, exhausted_earliest: earliest, exhausted_latest: latest } = forecast;
  if (on && (overage || choice.over || forecast.used >= allotment)) return figure(T.exhausted, T.exhaustedAlready(day(on)), { alarm: true, words: true });
  if (on) {
    const sure = earliest === on && latest === on;
    const more = sure ? null : latest ? T.exhaustedRange(day(earliest ?? on), day(latest)) : earliest && T.exhaustedFrom(day(earliest));
    return figure(T.exhausted, T.exhaustedOn(day(on)), { more: [more], alarm: true, words: true });
  }
  return figure(T.exhausted, T.never, { more: [T.neverMore, earliest && !choice.over && T.neverBut(day(earliest))], words: true });
}

// The reasons are written in the plan's file, in its language.
function assumptions({ assumed = [] }) {
  if (!assumed.length) return null;
  return h('details', {}, h('summary', {}, T.assumed), h('ul', { lang: 'en' }, assumed.map((reason) => h('li', {}, reason))));
}
