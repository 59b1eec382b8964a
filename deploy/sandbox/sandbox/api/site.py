"""The page of simulated phones. Plain files, no build."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

_FOLDER = Path(__file__).parents[1] / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def site() -> APIRouter:
    """Reads the files once, when it is made."""
    router = APIRouter(include_in_schema=False)
    files = {file.name: file.read_bytes() for file in _FOLDER.iterdir() if file.suffix in _TYPES}

    @router.get("/")
    async def index() -> Response:
        return _answer("index.html")

    @router.get("/page/{name}")
    async def file(name: str) -> Response:
        return _answer(name)

    def _answer(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "there is no such file")
        kind = f"{_TYPES[Path(name).suffix]}; charset=utf-8"
        return Response(files[name], headers=_HEADERS | {"Content-Type": kind})

    return router
