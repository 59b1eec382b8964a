// The finance page: let somebody in, then show a month and keep it true.

import { get, onSessionEnd } from './api.js';
import { budgetPanel, checksPanels, exportsPanel, figuresPanel, chartPanel, ledgerPanel, placesPanel, statementPanel } from './panels.js';
import { door } from './door.js';
import { announce, h } from './dom.js';
import { clock, monthName, useZone } from './format.js';
import { claims, forgetToken, takeToken } from './session.js';
import { TEXTS } from './texts.js';

const T = TEXTS;
const LIVE_MS = 60_000;
const place = document.getElementById('finance');

let around = null; // what the page knows before anybody is let in: whose it is, and where the desk is
let timers = [];

function out(said) {
  forgetToken();
  timers.forEach(clearTimeout);
  timers = [];
  place.replaceChildren(door(around.desk, said));
}

async function start() {
  takeToken();
  around = await fetch('/page.json').then((answer) => answer.json()).catch(() => ({ name: '', desk: null }));
  const me = claims();
  if (!me) return out(undefined);
  onSessionEnd((status) => out(status === 403 ? T.door.refused : T.door.ended));
  timers.push(setTimeout(() => out(T.door.ended), me.until - Date.now()));
  try {
    show(await get('/v1/institution'), me);
  } catch (error) {
    if (error.status === 401 || error.status === 403) return;
    const again = h('button.primary', { type: 'button', onclick: start }, T.panel.again);
    place.replaceChildren(h('main.welcome', {}, h('div.door', {}, h('h1', {}, T.title), h('p', { role: 'alert' }, error.message), again)));
  }
}

function show(institution, me) {
  useZone(institution.time_zone);
  const panels = [figuresPanel(), chartPanel(), placesPanel(), budgetPanel(), statementPanel(), ...checksPanels(), exportsPanel(), ledgerPanel()];
  const months = institution.months;
  const choice = { month: months.at(-1), channel: institution.channels[0].channel };

  const heading = h('h2', { id: 'month', tabIndex: -1 });
  const chooser = h('select', { aria: { label: T.months.label } }, [...months].reverse().map((month) => h('option', { value: month }, monthName(month))));
  const step = (by, sign, label) => h('button', { type: 'button', aria: { label }, title: label, onclick: () => choose({ month: months[months.indexOf(choice.month) + by] }) }, sign);
  const before = step(-1, '‹', T.months.before);
  const after = step(1, '›', T.months.after);
  const channel = h('select', { aria: { label: T.months.channel } }, institution.channels.map((one) => h('option', { value: one.channel }, T.channels[one.channel] || one.channel)));
  chooser.addEventListener('change', () => choose({ month: chooser.value }));
  channel.addEventListener('change', () => choose({ channel: channel.value }));

  function choose(change) {
    Object.assign(choice, change);
    heading.textContent = monthName(choice.month);
    chooser.value = choice.month;
    const at = months.indexOf(choice.month);
    before.disabled = at === 0;
    after.disabled = at === months.length - 1;
    announce(monthName(choice.month));
    refresh(false);
  }
  function refresh(live) {
    const given = { ...choice, key: `${choice.month} ${choice.channel}`, over: choice.month < institution.this_month, currency: institution.currency };
    for (const one of panels) one.show?.(given, live);
  }

  const header = h('header.top', {},
    h('h1', {}, h('img', { src: '/static/icon.svg', alt: '', width: 24, height: 24 }), h('span', {}, T.title), h('span.institution', {}, institution.name)),
    h('div.top-tools', {},
      h('span.me', {}, [me.name, T.top.until(clock(me.until))].join(' · ')),
      around.desk ? h('a', { href: around.desk }, T.top.desk) : null,
      h('button.quiet', { type: 'button', onclick: () => out(T.door.left) }, T.top.leave)));
  const main = h('main.page', { id: 'content' },
    h('div.chooser', {}, heading, before, chooser, after, institution.channels.length > 1 ? channel : null),
    panels.map((one) => one.element));
  place.replaceChildren(h('a.skip', { href: '#month', onclick: (event) => { event.preventDefault(); heading.focus(); } }, T.skip), header, main);
  choose({});
  timers.push(setInterval(() => !document.hidden && choice.month === institution.this_month && refresh(true), LIVE_MS));
}

document.title = `${T.title} · Ventanilla`;
start();
