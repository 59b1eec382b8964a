"""The finance page's own answers: what anybody may fetch, and what only with a token."""

from support.billing import Billing
from support.engines import RunningEngines


async def test_the_page_is_there_for_anybody_and_its_figures_are_not(
    billing: Billing, engines: RunningEngines
) -> None:
    async with billing(engines) as api:
        page = await api.get("/", headers={"Authorization": ""})
        script = await api.get("/static/js/main.js", headers={"Authorization": ""})
        shared = await api.get("/static/js/dom.js", headers={"Authorization": ""})
        before = await api.get("/page.json", headers={"Authorization": ""})
        refused = await api.get("/v1/institution", headers={"Authorization": ""})
        around = await api.get("/v1/institution")
        nowhere = await api.get("/static/../settings.py", headers={"Authorization": ""})
    assert "text/html" in page.headers["content-type"]
    assert script.status_code == shared.status_code == 200
    assert before.json() == {"name": "Centro Nacional de Registros", "desk": None}
    assert refused.status_code == 401
    found = around.json()
    assert found["months"][-1] == found["this_month"]
    assert found["channels"][0] == {"channel": "whatsapp", "allotment": 28000}
    assert nowhere.status_code == 404


async def test_every_answer_forbids_what_the_page_does_not_need(
    billing: Billing, engines: RunningEngines
) -> None:
    async with billing(engines) as api:
        for path in ("/", "/v1/balance", "/nothing"):
            headers = (await api.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
        assert (await api.get("/v1/balance")).headers["cache-control"] == "no-store"
