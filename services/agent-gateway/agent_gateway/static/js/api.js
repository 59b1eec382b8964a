// The desk's HTTP API. Failures are `Refused` (the server said no, with a code) or `Offline` (nobody answered).

import { TEXTS } from './texts.js';

export class Refused extends Error {
  constructor(status, body) {
    super(body.message || TEXTS.errors.unexpected);
    this.status = status;
    this.code = body.code || 'unexpected';
    this.body = body;
  }
}

export class Offline extends Error {
  constructor() {
    super(TEXTS.errors.offline);
    this.code = 'offline';
  }
}

const LONGEST_WAIT_MS = 15_000;
let whenSessionEnds = () => {};

export function onSessionEnd(handler) {
  whenSessionEnds = handler;
}

async function call(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_WAIT_MS),
    });
  } catch {
    throw new Offline();
  }
  const content = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return { status: response.status, body: content };
  if (response.status === 401 && path !== '/v1/session') whenSessionEnds();
  throw new Refused(response.status, content || {});
}

const get = async (path) => (await call('GET', path)).body;

export const api = {
  session: () => get('/v1/session'),
  login: async (username, password) => (await call('POST', '/v1/session', { username, password })).body,
  logout: () => call('DELETE', '/v1/session'),
  finance: async () => (await call('POST', '/v1/session/finance')).body.url,
  institution: () => get('/v1/institution'),
  queues: async () => (await get('/v1/queues')).items,
  conversations: (view, after) => get(`/v1/conversations?view=${view}${after ? `&after=${encodeURIComponent(after)}` : ''}`),
  conversation: (id, before) => get(`/v1/conversations/${id}${before ? `?before=${encodeURIComponent(before)}` : ''}`),
  read: (id, until) => call('PUT', `/v1/conversations/${id}/read`, { until }),
  presence: (state) => call('PUT', '/v1/presence', { state }),
  act: (id, kind, body, key) => call('POST', `/v1/conversations/${id}/${kind}`, body, { 'Idempotency-Key': key }),
};

export function newKey() {
  return crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
