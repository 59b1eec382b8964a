// Times as people read them, in the institution's zone.

import { TEXTS } from './texts.js';

let zone = 'UTC';
const formats = new Map();

export function useZone(name) {
  zone = name;
  formats.clear();
}

function format(name, options) {
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat('es-SV', { timeZone: zone, ...options }));
  return formats.get(name);
}

export function clock(at) {
  return format('clock', { hour: 'numeric', minute: '2-digit' }).format(new Date(at));
}

export function dayKey(at) {
  return format('key', { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(at));
}

export function day(at) {
  const key = dayKey(at);
  if (key === dayKey(Date.now())) return TEXTS.transcript.today;
  if (key === dayKey(Date.now() - 86_400_000)) return TEXTS.transcript.yesterday;
  return format('day', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(at));
}

export function moment(at) {
  return format('moment', { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' })
    .format(new Date(at));
}

// Short in a list: the clock today, the date before.
export function brief(at) {
  if (dayKey(at) === dayKey(Date.now())) return clock(at);
  return format('brief', { day: 'numeric', month: 'short' }).format(new Date(at));
}

// '45 s', '12 min', '3 h 05 min', '2 d 4 h'
export function duration(seconds) {
  const { second, minute, hour, day: days } = TEXTS.units;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} ${second}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${minute}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} ${hour} ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} ${minute}`;
  return `${Math.floor(whole / 86_400)} ${days} ${Math.floor((whole % 86_400) / 3600)} ${hour}`;
}

// A figure that the server gave at `since` (performance clock, ms) and that grows or shrinks by itself.
export function grown(seconds, since) {
  return seconds + (performance.now() - since) / 1000;
}
export function shrunk(seconds, since) {
  return Math.max(0, seconds - (performance.now() - since) / 1000);
}
