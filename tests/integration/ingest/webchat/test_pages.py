"""The widget's script and the page that shows it."""

import httpx

from support.engines import RunningEngines
from support.webchat import replica


async def test_the_script_can_be_embedded_anywhere_and_is_small(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, httpx.AsyncClient(base_url=server.url) as http:
        plain = await http.get("/webchat/widget.js", headers={"accept-encoding": "identity"})
        assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
        assert plain.headers["cross-origin-resource-policy"] == "cross-origin"
        assert len(plain.content) < 25 * 1024
        packed = await http.get("/webchat/widget.js", headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < 10_000
        assert packed.text == plain.text
        tag = {"if-none-match": packed.headers["etag"], "accept-encoding": "gzip"}
        assert (await http.get("/webchat/widget.js", headers=tag)).status_code == 304


async def test_the_page_bears_the_institutions_name_and_a_strict_policy(
    engines: RunningEngines, database: str
) -> None:
    async with replica(engines, database) as server, httpx.AsyncClient(base_url=server.url) as http:
        page = await http.get("/webchat/")
        assert "<strong>Registro de Prueba</strong>" in page.text
        assert 'data-account="web"' in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert (await http.get("/webchat/page.css")).status_code == 200
