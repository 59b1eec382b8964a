// Who looks: a bearer token that the desk put into the address, for half an hour. It is kept in this tab alone.

const KEY = 'finance.token';

// Takes the token out of the address, before anybody can copy it from there.
export function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!found) return;
  sessionStorage.setItem(KEY, found);
  history.replaceState(null, '', location.pathname);
}

export function token() {
  return sessionStorage.getItem(KEY);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

// What the token says of itself; the server alone decides whether it is true. Null: there is none that could be used.
export function claims() {
  try {
    const part = token().split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const { sub, role, exp } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (sign) => sign.codePointAt(0))));
    return exp * 1000 > Date.now() ? { name: sub, role, until: exp * 1000 } : null;
  } catch {
    return null;
  }
}
