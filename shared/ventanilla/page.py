"""A page that a service serves: static files, read once at the start, and what a browser must not do.

What all pages have in common (type and colours, helpers, the icon) is in `static` beside this file.
"""

import mimetypes
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COMMON = Path(__file__).parent / "static"
_INDEX = "index.html"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR = 365 * 24 * 3600


class _File:
    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self._kind = "text/javascript" if path.suffix == ".js" else kind
        self._tag = f'"{sha256(self._content).hexdigest()[:32]}"'

    def answer(self, request: Request) -> Response:
        """304 for a browser that has it."""
        headers = {"ETag": self._tag, "Cache-Control": "no-cache"}
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self._content, media_type=self._kind, headers=headers)


def page_routes(folder: Path) -> APIRouter:
    """`/` is the folder's index.html; `/static/...` are its other files and those that all pages share."""
    routes = APIRouter(include_in_schema=False)
    files = {
        path.relative_to(root).as_posix(): _File(path)
        for root in (_COMMON, folder)
        for path in root.rglob("*")
        if path.is_file()
    }

    @routes.get("/")
    async def page(request: Request) -> Response:
        return files[_INDEX].answer(request)

    @routes.get("/static/{name:path}")
    async def file(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(404)
        return files[name].answer(request)

    return routes


class SecurityHeaders:
    """Tells on every HTTP answer what a browser must not do, and not to keep what has no rule of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)
