"""Which sites may open a visitor's connection. Pure.

A WebSocket is not held back by the browser's same-origin rule: without this check any site could embed an
institution's chat as its own.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit


def allowed(origin: str | None, host: str | None, configured: Sequence[str]) -> bool:
    """Whether a connection from `origin` (the header) to `host` (the header) may be opened.

    `configured` lists origins such as `https://www.cnr.gob.sv`; when it is empty, any may. Our own demo page
    always may. Without an `Origin` it is no browser, and may only where any may.
    """
    if not configured:
        return True
    if origin is None:
        return False
    return _plain(origin) in {_plain(one) for one in configured} or _is_own(origin, host)


def _plain(origin: str) -> str:
    return origin.strip().rstrip("/").lower()


def _is_own(origin: str, host: str | None) -> bool:
    try:
        return host is not None and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
