"""The desk's page: static files, read once at the start."""

import mimetypes
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

_FOLDER = Path(__file__).parents[1] / "static"
_INDEX = "index.html"


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


def page_routes() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    files = {
        path.relative_to(_FOLDER).as_posix(): _File(path) for path in _FOLDER.rglob("*") if path.is_file()
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
