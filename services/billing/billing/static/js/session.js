// Who looks: a bearer token that the desk put into the address, for half an hour. It is kept in this tab alone.

const TOKEN = 'finance.token';
const UNTIL = 'finance.until';

// Takes the token out of the address, before anybody can copy it from there.
export function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!found) return;
  history.replaceState(null, '', location.pathname);
  const said = read(found);
  if (!said) return;
  sessionStorage.setItem(TOKEN, found);
  // By this machine's own clock, which may be wrong: the server made the token a moment ago.
  sessionStorage.setItem(UNTIL, Date.now() + (said.exp - said.iat) * 1000);
}

export function token() {
  return sessionStorage.getItem(TOKEN);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(UNTIL);
}

// What the token says of itself; the server alone decides whether it is true. Null: there is none, or its time is over.
export function claims() {
  const said = read(token());
  const until = Number(sessionStorage.getItem(UNTIL));
  return said && until > Date.now() ? { name: said.sub, until } : null;
}

function read(text) {
  try {
    const part = text.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (sign) => sign.codePointAt(0))));
  } catch {
    return null;
  }
}
