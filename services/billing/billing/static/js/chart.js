// The month's curve against the allotment, with the forecast's band. Drawn anew at the width that it has.

import { get } from './api.js';
import { h, setText } from './dom.js';
import { count, day, isWeekend, longDay } from './format.js';
import { table } from './panel.js';
import { svg } from './svg.js';
import { TEXTS } from './texts.js';

const T = TEXTS.chart;
const EDGE = { top: 22, right: 14, bottom: 26, left: 58 };

export const loadChart = ({ month, channel }) => get('/v1/forecast', { month, channel });

export function drawChart(forecast) {
  const { days, allotment } = forecast;
  if (!days.length || (!forecast.used && !forecast.expected)) return T.nothing;
  const readout = h('p.readout');
  const label = T.summary(count(forecast.used), allotment ? count(allotment) : '');
  const place = h('div.chart', { tabIndex: 0, role: 'slider', aria: { label, valuemin: 1, valuemax: days.length } });
  let cursor = null;

  function draw() {
    const width = Math.max(300, Math.round(place.clientWidth || 800));
    place.replaceChildren(picture(forecast, width, width < 560 ? 250 : 330, cursor));
  }
  function tell(at) {
    setText(readout, reading(days[at]));
    place.setAttribute('aria-valuenow', at + 1);
    place.setAttribute('aria-valuetext', readout.textContent);
  }
  function point(to) {
    cursor = Math.min(days.length - 1, Math.max(0, to));
    tell(cursor);
    draw();
  }
  place.addEventListener('keydown', (event) => {
    const at = cursor ?? lastUsed(days);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: days.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    point(to);
  });
  place.addEventListener('pointermove', (event) => {
    const box = place.getBoundingClientRect();
    const inner = box.width - EDGE.left - EDGE.right;
    point(Math.round(((event.clientX - box.left - EDGE.left) / inner) * (days.length - 1)));
  });
  place.addEventListener('pointerleave', () => {
    cursor = null;
    tell(lastUsed(days));
    draw();
  });
  new ResizeObserver(draw).observe(place);
  tell(lastUsed(days));
  return [place, readout, legend(forecast), method(forecast), data(days)];
}

const lastUsed = (days) => Math.max(0, days.findLastIndex((one) => one.used !== null));

function reading(one) {
  if (one.used !== null) return T.said(longDay(one.day), count(one.used));
  const between = one.low === null ? '' : T.between(count(one.low), count(one.high));
  return T.foreseen(longDay(one.day), count(one.expected)) + between;
}

// Round figures, at most five of them.
function ticks(top) {
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough));
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, place) => place * step);
}

function picture({ days, allotment, exhausted_on: exhausted }, width, height, cursor) {
  const highest = Math.max(...days.map((one) => Math.max(one.used ?? 0, one.expected ?? 0, one.high ?? 0)));
  // An allotment far above the curve would press it flat: then it is told at the upper edge.
  const near = allotment && allotment <= highest * 6;
  const top = Math.max(4, (near ? Math.max(highest, allotment) : highest) * 1.08);
  const x = (place) => EDGE.left + (days.length > 1 ? place / (days.length - 1) : 0) * (width - EDGE.left - EDGE.right);
  const y = (value) => height - EDGE.bottom - (value / top) * (height - EDGE.top - EDGE.bottom);
  const path = (points) => points.map(([place, value], number) => `${number ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}`).join('');

  const last = lastUsed(days);
  const used = days.flatMap((one, place) => (one.used === null ? [] : [[place, one.used]]));
  const ahead = days.flatMap((one, place) => (place >= last && one.expected !== null ? [[place, place === last && one.used !== null ? one.used : one.expected]] : []));
  const banded = days.flatMap((one, place) => (place >= last && one.low !== null ? [[place, one]] : []));
  const lows = banded.map(([place, one]) => [place, one.used ?? one.low]);
  const highs = banded.map(([place, one]) => [place, one.used ?? one.high]);
  const step = (width - EDGE.left - EDGE.right) / Math.max(1, days.length - 1);

  const drawn = [
    days.map((one, place) => isWeekend(one.day) && svg('rect.off', { x: Math.max(EDGE.left, x(place) - step / 2), y: EDGE.top, width: Math.min(step, width - EDGE.right - x(place) + step / 2), height: height - EDGE.top - EDGE.bottom })),
    ticks(top).map((value) => [
      svg('line.grid', { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      svg('text', { x: EDGE.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, count(value)),
    ]),
    days.map((one, place) => labelled(place, days.length, width) && svg('text', { x: x(place), y: height - 8, 'text-anchor': 'middle' }, String(Number(one.day.slice(-2))))),
    banded.length > 1 && [
      svg('path.band', { d: `${path(highs)}${path([...lows].reverse()).replace('M', 'L')}Z` }),
      svg('path.band-edge', { d: path(highs) }),
      svg('path.band-edge', { d: path(lows) }),
    ],
    used.length > 0 && svg('path.area', { d: `${path(used)}L${x(used.at(-1)[0]).toFixed(1)} ${y(0)}L${x(used[0][0]).toFixed(1)} ${y(0)}Z` }),
    ahead.length > 1 && svg('path.expected', { d: path(ahead) }),
    used.length > 0 && svg('path.used', { d: path(used) }),
    allotment && limit(allotment, near ? y(allotment) : EDGE.top - 8, near, width),
    exhausted && mark(days.findIndex((one) => one.day === exhausted), x, y, height, width),
    used.length > 0 && svg('circle.today', { cx: x(used.at(-1)[0]), cy: y(used.at(-1)[1]), r: 5 }),
    used.length > 0 && svg('text.name.used-name', named(x(used.at(-1)[0]), y(used.at(-1)[1])), count(used.at(-1)[1])),
    cursor !== null && svg('line.cursor', { x1: x(cursor), x2: x(cursor), y1: EDGE.top, y2: height - EDGE.bottom }),
    svg('line.axis', { x1: EDGE.left, x2: width - EDGE.right, y1: y(0), y2: y(0) }),
  ];
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' }, drawn.flat(3).filter(Boolean));
}

const labelled = (place, all, width) => place === 0 || place === all - 1 || ((place + 1) % (width < 560 ? 10 : 5) === 0 && all - 1 - place > 2);

// The figure stands above the curve, which comes from the left and goes on to the right.
function named(left, top) {
  const early = left < EDGE.left + 60;
  return { x: early ? left + 10 : left - 8, y: Math.max(14, top - 12), 'text-anchor': early ? 'start' : 'end' };
}

function limit(allotment, at, drawnAtScale, width) {
  const name = svg('text.name.allotment-name', { x: EDGE.left + 6, y: drawnAtScale ? at - 6 : at + 2 }, `${T.allotment(count(allotment))}${drawnAtScale ? '' : ' ↑'}`);
  return drawnAtScale ? [svg('line.allotment', { x1: EDGE.left, x2: width - EDGE.right, y1: at, y2: at }), name] : [name];
}

function mark(place, x, y, height, width) {
  if (place < 0) return [];
  const late = x(place) > width - 90;
  return [
    svg('line.exhausted', { x1: x(place), x2: x(place), y1: EDGE.top, y2: height - EDGE.bottom }),
    svg('text.name.allotment-name', { x: x(place) + (late ? -6 : 6), y: height - EDGE.bottom - 8, 'text-anchor': late ? 'end' : 'start' }, T.exhausted),
  ];
}

function legend({ days, allotment }) {
  const sample = (...drawn) => svg('svg', { viewBox: '0 0 36 12', 'aria-hidden': 'true' }, drawn);
  const line = (kind) => svg(`${kind === 'allotment' ? 'line' : 'path'}.${kind}`, kind === 'allotment' ? { x1: 0, x2: 36, y1: 6, y2: 6 } : { d: 'M0 6L36 6' });
  const ahead = days.some((one) => one.used === null);
  return h('ul.legend.chart', { aria: { hidden: 'true' } },
    h('li', {}, sample(line('used')), T.used),
    ahead && h('li', {}, sample(line('expected')), T.expected),
    ahead && days.some((one) => one.low !== null) && h('li', {}, sample(svg('rect.band', { x: 0, y: 1, width: 36, height: 10 })), T.band),
    allotment && h('li', {}, sample(line('allotment')), T.allotment(count(allotment))));
}

function method({ working, other, month_before: before, expected }) {
  if (expected === null || !working) return null;
  const kind = (name, one) => T.kind(name, one.sampled, one.mean);
  return h('details', {}, h('summary', {}, T.method), h('p.note', {}, T.methodText(kind(T.working, working), kind(T.other, other), before)));
}

function data(days) {
  const figure = (value) => (value === null ? '—' : count(value));
  const columns = [
    [T.day, (one) => day(one.day), { header: true }],
    [T.used, (one) => figure(one.used), { number: true }],
    [T.expected, (one) => figure(one.used === null ? one.expected : null), { number: true }],
    [T.low, (one) => figure(one.used === null ? one.low : null), { number: true }],
    [T.high, (one) => figure(one.used === null ? one.high : null), { number: true }],
  ];
  return h('details', {}, h('summary', {}, T.data), table(columns, days));
}
