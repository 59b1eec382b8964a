"""The web chat's routes: the widget's script, a page that shows it, and the visitors' socket."""

import gzip
import html
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from string import Template

from fastapi import APIRouter, Request, Response, WebSocket

from ingest.channels.webchat import origins
from ingest.channels.webchat.exchange import Exchange
from ingest.channels.webchat.protocol import Close, Code
from ingest.channels.webchat.socket import EndedError, VisitorSocket
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution

_STATIC = Path(__file__).parent / "static"

# What the demo page allows itself is what the widget needs on a strict site: its script and its socket.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StaticText:
    """A file of this folder, read once, compressed once, and fetched again only when it changed."""

    def __init__(self, name: str, media_type: str, **values: str) -> None:
        text = _lean((_STATIC / name).read_text("utf-8"))
        content = (Template(text).substitute(values) if values else text).encode()
        self._media_type = media_type
        self._tag = sha256(content).hexdigest()[:32]
        self._bodies = {"identity": content, "gzip": gzip.compress(content, 9, mtime=0)}

    def response(self, request: Request, **more: str) -> Response:
        """304 for a browser that has it already; compressed for one that can."""
        coding = "gzip" if "gzip" in request.headers.get("accept-encoding", "") else "identity"
        tag = f'"{self._tag}-{coding}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "public, max-age=300",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        } | {name.replace("_", "-"): value for name, value in more.items()}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if coding != "identity":
            headers["Content-Encoding"] = coding
        return Response(self._bodies[coding], media_type=self._media_type, headers=headers)


def router(exchange: Exchange, institution: Institution, allowed_origins: Sequence[str]) -> APIRouter:
    """`allowed_origins` empty = any site may embed the chat (see `origins`)."""
    routes = APIRouter(prefix="/webchat", tags=["webchat"])
    accounts = [account.id for account in institution.accounts if account.channel is Channel.WEBCHAT]
    widget = StaticText("widget.js", "text/javascript")
    style = StaticText("page.css", "text/css")
    page = StaticText(
        "page.html",
        "text/html",
        institution=html.escape(institution.name),
        account=html.escape(accounts[0] if accounts else ""),
    )

    @routes.get("/widget.js", summary="The widget: one script, embeddable on any site")
    async def widget_script(request: Request) -> Response:
        return widget.response(request, Cross_Origin_Resource_Policy="cross-origin")

    @routes.get("/", summary="A page of the institution that embeds the widget")
    async def demo_page(request: Request) -> Response:
        policy = _PAGE_POLICY.format(host=_host(request.headers.get("host", "")))
        return page.response(request, Content_Security_Policy=policy)

    @routes.get("/page.css", include_in_schema=False)
    async def page_style(request: Request) -> Response:
        return style.response(request)

    @routes.websocket("/{account}/socket")
    async def socket(websocket: WebSocket, account: str) -> None:
        await VisitorSocket(exchange, websocket, account).serve(refusal(websocket, account))

    def refusal(websocket: WebSocket, account: str) -> EndedError | None:
        headers = websocket.headers
        if account not in accounts:
            return EndedError(Close.UNKNOWN_ACCOUNT, Code.UNKNOWN_ACCOUNT, "no web chat has this name")
        if not origins.allowed(headers.get("origin"), headers.get("host"), allowed_origins):
            return EndedError(
                Close.FORBIDDEN_ORIGIN, Code.FORBIDDEN_ORIGIN, "this site may not open the chat"
            )
        return None

    return routes


def _lean(text: str) -> str:
    """Without indentation and whole-line comments: a script is paid for by the byte, on an old telephone."""
    lines = (line.lstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _host(header: str) -> str:
    """The Host header, as far as it may stand in a policy."""
    return "".join(sign for sign in header if sign.isalnum() or sign in ".:-[]")
