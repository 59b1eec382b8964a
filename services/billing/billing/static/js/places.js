// Whose the month's sessions are: by area, by queue, by channel, each with its share of the cost.

import { get } from './api.js';
import { h } from './dom.js';
import { count, money, percent } from './format.js';
import { table } from './panel.js';
import { bar } from './svg.js';
import { TEXTS } from './texts.js';

const T = TEXTS.places;

export const loadPlaces = ({ month }) => get('/v1/usage', { month });

export function drawPlaces(usage, { currency }) {
  if (!usage.sessions) return T.nothing;
  const view = (caption, name, rows, label) =>
    table(
      [
        [name, label, { header: true }],
        [T.sessions, (one) => count(one.sessions), { number: true }],
        [T.share, (one) => percent(one.sessions, usage.sessions), { number: true, spare: true }],
        ['', (one) => bar(one.sessions, usage.sessions), { share: true, spare: true }],
        [T.cost, (one) => money(one.cost, currency), { number: true }],
      ],
      rows,
      { caption, foot: [T.total, count(usage.sessions), percent(1, 1), '', money(sum(rows), currency)] },
    );
  const named = (unknown) => (one) => one.name || h('span.unknown', {}, unknown);
  return [
    view(T.areas, T.area, usage.areas, named(T.unknownArea)),
    view(T.queues, T.queue, usage.queues, named(T.unknownQueue)),
    view(T.channels, T.channel, usage.channels, (one) => TEXTS.channels[one.channel] || one.channel),
    Number(usage.unshared) > 0 ? h('p.note', {}, T.unshared(money(usage.unshared, currency))) : null,
  ];
}

// Exact: whole units of the smallest place that any amount has.
function sum(rows) {
  const places = Math.max(2, ...rows.map((one) => (one.cost.split('.')[1] || '').length));
  const units = rows.reduce((all, one) => all + BigInt(Math.round(Number(one.cost) * 10 ** places)), 0n);
  const digits = String(units).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
