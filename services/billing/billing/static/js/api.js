// Billing's HTTP API. A failure is a `Refused` with a sentence for people; 401 ends the session.

import { TEXTS } from './texts.js';
import { token } from './session.js';

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const LONGEST_WAIT_MS = 30_000;
let whenSessionEnds = () => {};

export function onSessionEnd(handler) {
  whenSessionEnds = handler;
}

async function fetched(path) {
  let response;
  try {
    response = await fetch(path, { headers: { Authorization: `Bearer ${token()}` }, cache: 'no-store', signal: AbortSignal.timeout(LONGEST_WAIT_MS) });
  } catch {
    throw new Refused(0, TEXTS.errors.offline);
  }
  if (response.ok) return response;
  if (response.status === 401 || response.status === 403) whenSessionEnds(response.status);
  throw new Refused(response.status, response.status === 503 ? TEXTS.errors.unavailable : TEXTS.errors.unexpected);
}

function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

export async function get(path, query) {
  return (await fetched(address(path, query))).json();
}

// A file under the name that the server gives it.
export async function download(path, query) {
  const response = await fetched(address(path, query));
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') || '')?.[1] || 'datos';
  const place = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  Object.assign(link, { href: place, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(place), 10_000);
  return name;
}
