"""The web chat's routes: the widget's script, a page that shows it, and the visitors' socket."""

import html
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from string import Template

from fastapi import APIRouter, Header, Response, WebSocket

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
    """A file of this folder, read once, served with a tag: it is fetched again only when it changed."""

    def __init__(self, text: str, media_type: str) -> None:
        self._content = text.encode()
        self._media_type = media_type
        self._headers = {
            "ETag": f'"{sha256(self._content).hexdigest()[:32]}"',
            "Cache-Control": "public, max-age=300",
            "X-Content-Type-Options": "nosniff",
        }

    def response(self, known: str | None, **more: str) -> Response:
        """304 for a browser whose `If-None-Match` is `known`."""
        headers = self._headers | {name.replace("_", "-"): value for name, value in more.items()}
        if known is not None and headers["ETag"] in known:
            return Response(status_code=304, headers=headers)
        return Response(self._content, media_type=self._media_type, headers=headers)


def router(exchange: Exchange, institution: Institution, allowed_origins: Sequence[str]) -> APIRouter:
    """`allowed_origins` empty = any site may embed the chat (see `origins`)."""
    routes = APIRouter(prefix="/webchat", tags=["webchat"])
    accounts = [account.id for account in institution.accounts if account.channel is Channel.WEBCHAT]
    widget = StaticText((_STATIC / "widget.js").read_text("utf-8"), "text/javascript")
    style = StaticText((_STATIC / "page.css").read_text("utf-8"), "text/css")
    page = StaticText(_page(institution, accounts), "text/html")

    @routes.get("/widget.js", summary="The widget: one script, embeddable on any site")
    async def widget_script(if_none_match: str | None = Header(default=None)) -> Response:
        return widget.response(if_none_match, Cross_Origin_Resource_Policy="cross-origin")

    @routes.get("/", summary="A page of the institution that embeds the widget")
    async def demo_page(
        host: str = Header(default=""), if_none_match: str | None = Header(default=None)
    ) -> Response:
        policy = _PAGE_POLICY.format(host=_host(host))
        return page.response(if_none_match, Content_Security_Policy=policy)

    @routes.get("/page.css", include_in_schema=False)
    async def page_style(if_none_match: str | None = Header(default=None)) -> Response:
        return style.response(if_none_match)

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


def _page(institution: Institution, accounts: Sequence[str]) -> str:
    template = Template((_STATIC / "page.html").read_text("utf-8"))
    return template.substitute(
        institution=html.escape(institution.name), account=html.escape(accounts[0] if accounts else "")
    )


def _host(header: str) -> str:
    """The Host header, as far as it may stand in a policy."""
    return "".join(sign for sign in header if sign.isalnum() or sign in ".:-[]")
