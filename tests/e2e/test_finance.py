"""The finance page in a real Chromium: from the desk's sign-in to the figures."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Download, Locator, Page, Route, expect

from stack.engines import free_port
from stack.secrets import load_secrets
from support.browser import launched
from support.desk import PASSWORD, TOKEN_KEY, running_desk
from support.engines import RunningEngines
from support.finance import ALLOTMENT, NUMBER, institution_file, running_billing, write_months
from support.stack import TestStack
from support.statuses import status
from support.topics import write
from ventanilla.access import Role, issue_token
from ventanilla.clock import utc_now
from ventanilla.contracts.channel import DeliveryStatus
from ventanilla.topics import STATUS

SOON = 60_000

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Finance:
    page: str
    desk: str
    used: int
    """Sessions of the current month."""

    def api(self) -> httpx.AsyncClient:
        token = issue_token(TOKEN_KEY, "prueba", Role.FINANCE)
        return httpx.AsyncClient(base_url=self.page, headers={"Authorization": f"Bearer {token}"}, timeout=30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """As everywhere, but on this module's loop."""
    async with launched() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def finance(
    fresh_engines: RunningEngines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Finance]:
    """Billing with two months of sessions, and a desk that leads to its page. The same for all: they read."""
    database = "finance"
    config = institution_file(tmp_path_factory.mktemp("finance") / "config")
    used = await write_months(fresh_engines, config)
    port = free_port()
    async with (
        running_desk(
            fresh_engines, database, with_router=False, finance_url=f"http://127.0.0.1:{port}/"
        ) as world,
        running_billing(fresh_engines, database, config, f"{world.url}/", port) as page,
    ):
        found = Finance(page, world.url, used)
        await until_counted(found)
        yield found


async def until_counted(finance: Finance) -> None:
    async with finance.api() as api:
        for _ in range(600):
            usage = (await api.get("/v1/usage")).json()
            unknown = sum(one["sessions"] for one in usage["areas"] if one["area"] is None)
            if usage["sessions"] == finance.used and unknown <= finance.used // 9 + 1:
                return
            await asyncio.sleep(0.2)
    raise AssertionError(f"{usage['sessions']} of {finance.used} sessions, {unknown} without a place")


@asynccontextmanager
async def opened(
    browser: Browser,
    width: int = 1280,
    height: int = 900,
    prepare: Callable[[Page], Awaitable[None]] | None = None,
) -> AsyncIterator[Page]:
    """A tab that must raise no error and stay within its policy."""
    context = await browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    raised: list[str] = []
    context.on("weberror", lambda error: raised.append(str(error.error)))
    context.on(
        "console",
        lambda line: raised.append(line.text) if "Content Security Policy" in line.text else None,
    )
    try:
        page = await context.new_page()
        if prepare is not None:
            await prepare(page)
        yield page
        assert not raised
    finally:
        await context.close()


async def sign_in(page: Page, finance: Finance, username: str = "finanzas", anchor: str = "") -> None:
    await page.goto(f"{finance.desk}/{anchor}")
    await page.get_by_label("Usuario").fill(username)
    await page.get_by_label("Contraseña").fill(PASSWORD)
    await page.keyboard.press("Enter")


async def content(download: Download) -> bytes:
    return await asyncio.to_thread((await download.path()).read_bytes)


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


async def test_finance_signs_in_at_the_desk_and_reads_the_month(browser: Browser, finance: Finance) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance)
        figures = panel(page, "Cifras del mes")
        await expect(figures.get_by_text(f"de {ALLOTMENT} incluidas")).to_be_visible(timeout=SOON)
        await expect(figures.get_by_text(f"{finance.used:,}", exact=True)).to_be_visible()
        assert page.url == f"{finance.page}/", "the token stays in no address"
        assert "token" not in await page.evaluate("history.state + document.referrer + location.href")
        await expect(figures.get_by_text("$3,277.00").first).to_be_visible()

        places = panel(page, "Por área y por cola")
        await expect(places.get_by_text("Registro de Comercio")).to_be_visible()
        await expect(places.get_by_text("Área no conocida")).to_be_visible()
        await expect(places.get_by_text("$3,277.00")).to_have_count(4)  # the totals, and WhatsApp's own

        budget = panel(page, "Presupuesto")
        await expect(budget.get_by_text("$30,000.00")).to_be_visible(timeout=SOON)
        await expect(budget.get_by_role("row")).to_have_count(9)


async def test_the_curve_is_read_with_the_keyboard_and_as_a_table(browser: Browser, finance: Finance) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance)
        chart = page.get_by_role(
            "slider", name=re.compile(f"{finance.used:,} sesiones usadas de {ALLOTMENT}")
        )
        await expect(chart).to_be_visible(timeout=SOON)
        said = page.locator(".readout")
        await expect(said).to_have_text(re.compile(f": {finance.used:,} sesiones usadas$"))
        await chart.focus()
        for _ in range(40):
            await page.keyboard.press("ArrowLeft")
        await expect(said).to_have_text(re.compile(" 1 de .*sesiones usadas$"))
        await page.keyboard.press("End")
        await expect(chart).to_have_attribute("aria-valuetext", re.compile("sesiones (usadas|previstas)"))
        await panel(page, "Curva del mes").get_by_text("Ver los datos del gráfico").click()
        async with finance.api() as api:
            days = (await api.get("/v1/forecast")).json()["days"]
        rows = panel(page, "Curva del mes").locator("tbody tr")
        await expect(rows).to_have_count(len(days))
        last = max(number for number, day in enumerate(days) if day["used"] is not None)
        await expect(rows.nth(last).locator("td").first).to_have_text(f"{days[last]['used']:,}")


async def test_another_month_is_chosen(browser: Browser, finance: Finance) -> None:
    async with finance.api() as api:
        months = (await api.get("/v1/institution")).json()["months"]
        before = (await api.get("/v1/balance", params={"month": months[0]})).json()
    async with opened(browser) as page:
        await sign_in(page, finance)
        await page.get_by_role("button", name="Mes anterior").click(timeout=SOON)
        figures = panel(page, "Cifras del mes")
        await expect(figures.get_by_text(f"{before['used']:,}", exact=True)).to_be_visible()
        await expect(figures.get_by_text("Mes terminado")).to_be_visible()
        await expect(page.get_by_role("button", name="Mes anterior")).to_be_disabled()
        await page.get_by_label("Mes", exact=True).select_option(index=0)
        await expect(figures.get_by_text(f"{finance.used:,}", exact=True)).to_be_visible()


async def test_files_are_downloaded_and_sum_up(browser: Browser, finance: Finance) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance)
        sizes = {}
        for name in ("Sesiones (CSV)", "Sesiones (Parquet)", "Uso por día, área y cola (CSV)"):
            async with page.expect_download(timeout=SOON) as waiting:
                await page.get_by_role("button", name=name).click(timeout=SOON)
            download = await waiting.value
            sizes[download.suggested_filename] = await content(download)
        kinds = {re.sub(r"\d{4}-\d{2}", "MONTH", name) for name in sizes}
        assert kinds == {"sessions-MONTH.csv", "sessions-MONTH.parquet", "usage-MONTH.csv"}
        [sessions] = [text for name, text in sizes.items() if name.startswith("sessions") and "csv" in name]
        assert len(sessions.splitlines()) == finance.used + 1
        [usage] = [text for name, text in sizes.items() if name.startswith("usage")]
        lines = [line.split(",") for line in usage.decode().splitlines()]
        cost = lines[0].index("cost")
        assert sum(Decimal(line[cost]) for line in lines[1:]) == Decimal("3277.00")


async def test_one_persons_ledger(browser: Browser, finance: Finance) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance)
        await page.get_by_label("Número o id del contacto").fill(f"+{NUMBER[:3]} {NUMBER[3:7]}-{NUMBER[7:]}")
        await page.keyboard.press("Enter")
        ledger = panel(page, "Libro de un contacto")
        await expect(ledger.get_by_text("1 anotación")).to_be_visible(timeout=SOON)
        await expect(ledger.get_by_text("abierta", exact=True)).to_be_visible()
        await page.get_by_label("Número o id del contacto").fill("50370000000")
        await page.keyboard.press("Enter")
        await expect(ledger.get_by_text("No hay sesiones de ese contacto.")).to_be_visible()


async def test_when_the_time_is_over_one_is_let_in_again_by_the_desk(
    browser: Browser, finance: Finance
) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance)
        await expect(panel(page, "Cifras del mes")).to_be_visible(timeout=SOON)
        old = issue_token(TOKEN_KEY, "finanzas", Role.FINANCE, valid=timedelta(seconds=-1))
        await page.evaluate("token => sessionStorage.setItem('finance.token', token)", old)
        await page.reload()
        again = page.get_by_role("link", name="Entrar por el escritorio de atención")
        await expect(again).to_be_visible()
        await expect(page.get_by_text("Su tiempo en esta página terminó")).to_be_visible()
        await again.click()  # the desk still knows who it is
        await expect(panel(page, "Cifras del mes")).to_be_visible(timeout=SOON)
        assert page.url == f"{finance.page}/"


async def test_the_page_closes_by_itself_and_a_wrong_clock_does_no_harm(
    browser: Browser, finance: Finance
) -> None:
    async def prepare(page: Page) -> None:
        await page.clock.install(time="2031-01-01T12:00:00")

    async with opened(browser, prepare=prepare) as page:
        token = issue_token(TOKEN_KEY, "finanzas", Role.FINANCE, valid=timedelta(minutes=30))
        await page.goto(f"{finance.page}/#token={token}")
        await expect(panel(page, "Cifras del mes").get_by_text("Sesiones usadas")).to_be_visible(timeout=SOON)
        await page.clock.fast_forward(30 * 60_000)
        await expect(page.get_by_text("Su tiempo en esta página terminó")).to_be_visible()
        await expect(panel(page, "Cifras del mes")).to_have_count(0)


async def test_a_token_that_the_server_refuses_shows_the_door(browser: Browser, finance: Finance) -> None:
    for token, said in (
        (issue_token("x" * 40, "finanzas", Role.FINANCE), "Su tiempo en esta página terminó"),
        (issue_token(TOKEN_KEY, "luis", Role.AGENT), "Su cuenta no tiene permiso"),
    ):
        async with opened(browser) as page:
            await page.goto(f"{finance.page}/#token={token}")
            await expect(page.get_by_text(said)).to_be_visible()
            assert await page.evaluate("sessionStorage.length") == 0


async def test_a_supervisor_goes_there_and_back_and_an_agent_has_no_door(
    browser: Browser, finance: Finance
) -> None:
    async with opened(browser) as page:
        await sign_in(page, finance, "supervisora")
        await page.get_by_role("button", name="Finanzas").click(timeout=SOON)
        await expect(panel(page, "Cifras del mes")).to_be_visible(timeout=SOON)
        await page.get_by_role("link", name="Escritorio").click()
        await expect(page.get_by_role("heading", name="En espera")).to_be_visible(timeout=SOON)
    async with opened(browser) as page:
        await sign_in(page, finance, "agente.rprh", "#finanzas")
        await expect(page.get_by_role("heading", name="En espera")).to_be_visible(timeout=SOON)
        await expect(page.get_by_role("button", name="Finanzas")).to_be_hidden()


async def test_a_part_that_fails_says_so_and_is_tried_again(browser: Browser, finance: Finance) -> None:
    failing = True

    async def torn(route: Route) -> None:
        await (route.abort("connectionreset") if failing else route.continue_())

    async def prepare(page: Page) -> None:
        await page.route("**/v1/usage?*", torn)

    async with opened(browser, prepare=prepare) as page:
        await sign_in(page, finance)
        places = panel(page, "Por área y por cola")
        await expect(places.get_by_role("alert")).to_contain_text("No hay conexión", timeout=SOON)
        await expect(panel(page, "Cifras del mes").get_by_text("Sesiones usadas")).to_be_visible()
        failing = False
        await places.get_by_role("button", name="Intentar de nuevo").click()
        await expect(places.get_by_text("Registro de Comercio")).to_be_visible()


async def test_it_fits_a_phone_and_is_walked_through_by_keyboard(browser: Browser, finance: Finance) -> None:
    async with opened(browser, width=360, height=740) as page:
        await sign_in(page, finance)
        await expect(panel(page, "Por área y por cola").get_by_text("Registro de Comercio")).to_be_visible(
            timeout=SOON
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Ir al contenido")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Mes anterior")).to_be_focused()


async def test_it_shows_where_every_status_went_and_what_was_not_simply_counted(
    browser: Browser, finance: Finance, fresh_engines: RunningEngines
) -> None:
    at = utc_now() - timedelta(minutes=5)
    contact = uuid4().hex
    told = [
        status(contact, "wamid.a", at, DeliveryStatus.SENT),
        status(contact, "wamid.a", at),
        status(contact, "wamid.a", at, DeliveryStatus.READ),
        status(contact, "wamid.a", at + timedelta(minutes=1)),  # the same message, another time
    ]
    await write(fresh_engines.kafka, STATUS, told)
    async with finance.api() as api, asyncio.timeout(30):
        while (await api.get("/v1/accounting")).json()["received"] < len(told):
            await asyncio.sleep(0.2)
    async with opened(browser) as page:
        await sign_in(page, finance)
        balanced = panel(page, "Cuadre")
        await expect(balanced.get_by_text("Cuadra: cada estado recibido tiene su destino.")).to_be_visible(
            timeout=SOON
        )
        line = balanced.locator("tbody tr").first.locator("td")
        await expect(line).to_have_text(["4", "1", "2", "1", "0", "0"])
        await balanced.get_by_text("Ver los motivos").click()
        await expect(balanced.get_by_text("no entregado")).to_be_visible()
        notes = panel(page, "Avisos del contador")
        await expect(notes.get_by_text("Contradicción")).to_be_visible(timeout=SOON)
        await expect(notes.get_by_text("otra hora de entrega")).to_be_visible()


async def test_in_the_whole_stack_a_citizens_session_is_his_areas(stack: TestStack, browser: Browser) -> None:
    token = stack.command("token", "--role", "finance").stdout.strip()
    async with httpx.AsyncClient(base_url=stack.url("sandbox")) as sandbox:
        # Nobody is asked for: who waits in a queue of this stack would be taken in another story.
        words = {"text": "q papeles piden pa quitar la hipoteca", "name": "Marta"}
        await sandbox.post("/phones/50370000077/messages", json=words)
    async with (
        httpx.AsyncClient(
            base_url=stack.url("billing"), headers={"Authorization": f"Bearer {token}"}
        ) as billing,
        asyncio.timeout(60),
    ):
        areas: dict[str | None, int] = {}
        while not areas.get("rprh"):
            await asyncio.sleep(0.5)
            areas = {one["area"]: one["sessions"] for one in (await billing.get("/v1/usage")).json()["areas"]}
    async with opened(browser) as page:
        await page.goto(stack.url("agent-gateway"))
        await page.get_by_label("Usuario").fill("finanzas")
        await page.get_by_label("Contraseña").fill(load_secrets(stack.data, {})["VENTANILLA_DEMO_PASSWORD"])
        await page.keyboard.press("Enter")
        places = panel(page, "Por área y por cola")
        await expect(places.get_by_text("Registro de la Propiedad Raíz e Hipotecas")).to_be_visible(
            timeout=SOON
        )
        assert page.url == f"{stack.url('billing')}/"


async def test_figures_stay_live_and_take_nothing_away(browser: Browser, finance: Finance) -> None:
    failing = False

    async def torn(route: Route) -> None:
        await (route.abort("connectionreset") if failing else route.continue_())

    async def prepare(page: Page) -> None:
        await page.clock.install()
        await page.route("**/v1/accounting", torn)

    async with opened(browser, prepare=prepare) as page:
        await page.goto(f"{finance.page}/#token={issue_token(TOKEN_KEY, 'finanzas', Role.FINANCE)}")
        curve = panel(page, "Curva del mes")
        await curve.get_by_text("Cómo se prevé").click(timeout=SOON)
        await curve.get_by_text("Cómo se prevé").blur()
        counted = panel(page, "Cuadre").get_by_text(re.compile("Todavía no se ha recibido|Según Kafka"))
        await expect(counted).to_be_visible(timeout=SOON)
        failing = True
        async with page.expect_response("**/v1/forecast?*"):
            await page.clock.fast_forward(61_000)
        await expect(panel(page, "Cuadre").get_by_text("No se pudo actualizar")).to_be_visible()
        await expect(counted).to_be_visible()
        await expect(curve.get_by_text("t de Student")).to_be_visible()
