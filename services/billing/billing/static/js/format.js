// Figures, money and times as people read them in El Salvador.

let zone = 'UTC';
const formats = new Map();

export function useZone(name) {
  zone = name;
  formats.clear();
}

function cached(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}

const dates = (name, options) => cached(name, () => new Intl.DateTimeFormat('es-SV', options));

export function count(value) {
  return cached('count', () => new Intl.NumberFormat('es-SV')).format(value);
}

export function percent(part, whole) {
  if (!whole) return '';
  return cached('percent', () => new Intl.NumberFormat('es-SV', { style: 'percent', maximumFractionDigits: 1 })).format(part / whole);
}

// `text` is the exact decimal as the server gave it.
export function money(text, currency) {
  const format = cached(`money ${currency}`, () => new Intl.NumberFormat('es-SV', { style: 'currency', currency: currency || 'USD', minimumFractionDigits: 2 }));
  return format.format(text);
}

const asDate = (day) => new Date(`${day}T00:00:00Z`);

// '2026-11' -> 'noviembre de 2026'
export function monthName(month) {
  return dates('month', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(asDate(`${month}-01`));
}

// '2026-11-10' -> '10 de noviembre'
export function day(iso) {
  return dates('day', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(asDate(iso));
}

// '2026-11-10' -> 'martes 10 de noviembre'
export function longDay(iso) {
  return dates('long day', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(asDate(iso)).replace(',', '');
}

export function isWeekend(iso) {
  return [0, 6].includes(asDate(iso).getUTCDay());
}

// A moment in the institution's zone: '10 nov 2026, 9:05 a. m.'
export function moment(at) {
  return dates('moment', { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZone: zone }).format(new Date(at));
}

export function clock(at) {
  return dates('clock', { hour: 'numeric', minute: '2-digit', timeZone: zone }).format(new Date(at));
}
