"""The desk in a real Chromium, with a real router behind it: what an agent does all day."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from support.desk import PASSWORD, Citizen, World, long_ago, running_desk
from support.engines import RunningEngines
from ventanilla.contracts.channel import (
    Choice,
    ContactCards,
    DeliveryStatus,
    Location,
    Media,
    Menu,
    Option,
    Text,
    TextOut,
    Unknown,
)


@pytest.fixture
async def world(fresh_engines: RunningEngines, database: str) -> AsyncIterator[World]:
    async with running_desk(fresh_engines, database) as running:
        yield running


@asynccontextmanager
async def desk_of(
    browser: Browser,
    world: World,
    username: str = "agente.rprh",
    width: int = 1280,
    height: int = 800,
    prepare: Callable[[Page], Awaitable[None]] | None = None,
) -> AsyncIterator[Page]:
    """A desk where somebody has logged in. The page must raise no error and stay within its policy."""
    context = await browser.new_context(viewport={"width": width, "height": height})
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
        await page.goto(world.url)
        await page.get_by_label("Usuario").fill(username)
        await page.get_by_label("Contraseña").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Mis conversaciones")).to_be_visible()
        yield page
        assert not raised
    finally:
        await context.close()


def card(page: Page, name: str) -> Any:
    return page.get_by_role("navigation").get_by_role("button", name=re.compile(name))


def bubble(page: Page, text: str) -> Any:
    return page.locator(".message", has_text=text)


async def said(citizen: Citizen, world: World) -> list[str]:
    """What the citizen was sent by agents."""
    supervisor = await world.agent("supervisora")
    lines = await supervisor.transcript(await citizen.conversation())
    mine = [line for line in lines if (line["author"], line["direction"]) == ("agent", "out")]
    return [str(line["content"].get("text")) for line in mine]


async def test_an_agent_logs_in_takes_answers_and_closes(browser: Browser, world: World) -> None:
    async with desk_of(browser, world) as page:
        await expect(page.get_by_text("Nadie espera.")).to_be_visible()
        citizen = world.citizen("María Hernández")
        await citizen.waits_in("rprh", "q papeles piden pa quitar la hipoteca")
        await card(page, "María Hernández").click()
        await expect(bubble(page, "q papeles piden pa quitar la hipoteca")).to_be_visible()
        await expect(page.get_by_text("Para responder, tome la conversación.")).to_be_visible()
        await page.get_by_role("button", name="Tomar", exact=True).click()
        composer = page.get_by_role("textbox", name="Su respuesta")
        await expect(composer).to_be_focused()
        await composer.fill("Buenos días.")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("Necesita la escritura.")
        await page.keyboard.press("Enter")
        mine = bubble(page, "Necesita la escritura.")
        await expect(mine).to_have_count(1)
        await expect(composer).to_have_value("")
        await expect(mine.locator(".status")).to_have_class(re.compile("is-pending"))
        message = await mine.get_attribute("data-id")
        await citizen.status(str(message), DeliveryStatus.DELIVERED)
        await expect(mine.get_by_text("Entregado")).to_be_attached()
        await citizen.status(str(message), DeliveryStatus.READ)
        await expect(mine.get_by_text("Leído")).to_be_attached()
        await citizen.says("muchas gracias")
        await expect(bubble(page, "muchas gracias")).to_be_visible()
        await expect(page.get_by_text(re.compile("Ventana: 23 h 5"))).to_be_visible()
        await page.get_by_role("button", name="Cerrar", exact=True).click()
        await page.get_by_role("button", name="Cerrar conversación").click()
        await expect(page.get_by_text("La conversación está cerrada.")).to_be_visible()
        await expect(page.get_by_text("No lleva ninguna conversación.")).to_be_visible()
        assert await said(citizen, world) == ["Buenos días.\nNecesita la escritura."]


async def test_enter_pressed_again_and_again_and_a_torn_network_send_once(
    browser: Browser, world: World
) -> None:
    citizen = world.citizen()
    await citizen.waits_in("rprh")
    async with desk_of(browser, world) as page:
        torn = 2

        async def tear(route: Route) -> None:
            """The server gets it; its answer is lost on the way."""
            nonlocal torn
            if torn:
                torn -= 1
                await route.fetch()
                await route.abort("connectionreset")
            else:
                await route.continue_()

        await page.route("**/reply", tear)
        await card(page, "María").click()
        await page.keyboard.press("Alt+t")
        composer = page.get_by_role("textbox", name="Su respuesta")
        await expect(composer).to_be_focused()
        await composer.fill("Una sola vez, por favor.")
        for _ in range(4):
            await page.keyboard.press("Enter")
        await expect(bubble(page, "Una sola vez").locator(".is-pending")).to_be_attached(timeout=15_000)
        await expect(bubble(page, "Una sola vez")).to_have_count(1)
        for _ in range(2):
            await composer.fill("ok")
            await page.keyboard.press("Enter")
        await expect(bubble(page, "ok").locator(".is-pending")).to_have_count(2)
        await expect(bubble(page, "ok")).to_have_count(2)
    assert await said(citizen, world) == ["Una sola vez, por favor.", "ok", "ok"]


async def test_what_was_written_offline_goes_out_in_order_when_the_network_is_back(
    browser: Browser, world: World
) -> None:
    citizen = world.citizen()
    await citizen.waits_in("rprh")
    async with desk_of(browser, world) as page:
        await card(page, "María").click()
        await page.keyboard.press("Alt+t")
        composer = page.get_by_role("textbox", name="Su respuesta")
        await expect(composer).to_be_focused()
        await page.context.set_offline(True)
        for text in ("primero", "segundo", "tercero"):
            await composer.fill(text)
            await page.keyboard.press("Enter")
        await expect(bubble(page, "primero").locator(".is-waiting")).to_be_attached()
        await page.context.set_offline(False)
        await expect(bubble(page, "tercero").locator(".is-pending")).to_be_attached(timeout=20_000)
    assert await said(citizen, world) == ["primero", "segundo", "tercero"]


async def test_two_agents_at_once_see_who_got_it(browser: Browser, world: World) -> None:
    citizen = world.citizen("Carlos Menjívar")
    waiting = await citizen.waits_in("rprh")
    supervisor = await world.agent("supervisora")
    async with desk_of(browser, world) as page:
        await card(page, "Carlos").click()
        await expect(page.get_by_role("button", name="Tomar", exact=True)).to_be_visible()
        held = asyncio.Event()

        async def late(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await page.route("**/take", late)
        await page.get_by_role("button", name="Tomar", exact=True).click()
        assert (await supervisor.act(waiting, "take")).status_code == 200
        held.set()
        await expect(page.get_by_text("Otra persona tomó la conversación.")).to_be_visible()
        await expect(page.get_by_text("La atiende Supervisora.")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_hidden()


async def test_after_the_window_the_template_is_offered(browser: Browser, world: World) -> None:
    citizen = world.citizen("Ana Lucía Flores")
    await citizen.waits_in("rprh", at=long_ago())
    async with desk_of(browser, world) as page:
        await card(page, "Ana Lucía").click()
        await page.get_by_role("button", name="Tomar", exact=True).click()
        await expect(page.get_by_text("WhatsApp solo permite una plantilla autorizada")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_hidden()
        await expect(page.get_by_text("Ventana cerrada")).to_be_visible()
        await page.get_by_role("button", name=re.compile("seguimiento_consulta")).click()
        await expect(page.locator(".message.by-agent", has_text="Plantilla")).to_have_count(1)
        await citizen.says("aquí sigo")
        await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_visible()


async def test_a_transfer_with_its_note_by_keyboard_alone(browser: Browser, world: World) -> None:
    citizen = world.citizen("Rosa Portillo")
    await citizen.waits_in("rprh", "como va mi matricula")
    async with (
        desk_of(browser, world) as page,
        desk_of(browser, world, "agente.comercio") as other,
    ):
        await expect(card(page, "Rosa")).to_be_visible()
        await page.keyboard.press("Alt+s")
        await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_focused()
        await expect(other.get_by_text("Rosa Portillo")).to_have_count(0)
        await page.keyboard.press("Alt+m")
        await expect(page.get_by_role("dialog", name="Trasladar la conversación")).to_be_visible()
        await page.keyboard.type("Comercio")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Pregunta por su matrícula.")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Elija una conversación")).to_be_visible()
        await expect(card(page, "Rosa")).to_have_count(0)
        await card(other, "Rosa").click()
        await expect(other.get_by_text("Nota: Pregunta por su matrícula.")).to_be_visible()
        await expect(other.get_by_text("la trasladó a Comercio")).to_be_visible()


async def test_everything_that_comes_is_shown(browser: Browser, world: World) -> None:
    citizen = world.citizen()
    for content in (
        Media(type="image", media_id="1", caption="la foto del lote"),
        Media(type="document", media_id="2", filename="escritura.pdf"),
        Media(type="audio", media_id="3", voice=True),
        Location(latitude=13.69, longitude=-89.19, name="Mi casa"),
        ContactCards(cards=[{"name": {"formatted_name": "Lic. Pérez"}}]),
        Choice(kind="list_reply", choice_id="rprh", title="Propiedad Raíz"),
        Unknown(provider_type="hologram", payload={"x": 1}),
        Text(text="<b>no es negrita</b>"),
    ):
        await citizen.says(content=content)
    menu = Menu(text="¿Qué necesita?", options=[Option(id="r", title="Requisitos")], button="Ver")
    await citizen.bot_says(TextOut(text="Con gusto."), menu)
    async with desk_of(browser, world, "supervisora") as page:
        await card(page, "María").click()
        for text in (
            "la foto del lote", "escritura.pdf", "Nota de voz", "Mi casa", "Lic. Pérez", "Propiedad Raíz",
            "todavía no se puede mostrar (hologram)", "<b>no es negrita</b>", "Con gusto.", "Requisitos",
        ):  # fmt: skip
            await expect(bubble(page, text).first).to_be_attached()
        await expect(page.get_by_text("Hoy", exact=True)).to_be_attached()
        await page.get_by_role("button", name="Tomar el control").click()
        await page.get_by_role("dialog").get_by_role("button", name="Tomar el control").click()
        await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_focused()


async def test_the_desk_says_when_it_is_cut_off_and_catches_up_when_it_is_back(
    browser: Browser, world: World
) -> None:
    sockets: list[WebSocketRoute] = []
    cut = False
    closing: list[asyncio.Task[None]] = []

    def between(socket: WebSocketRoute) -> None:
        if cut:
            closing.append(asyncio.create_task(socket.close(code=1011)))
        else:
            sockets.append(socket)
            socket.connect_to_server()

    async def prepare(page: Page) -> None:
        await page.route_web_socket(re.compile("/v1/events"), between)

    async with desk_of(browser, world, prepare=prepare) as page:
        banner = page.get_by_text("Sin conexión con el servidor")
        await expect(page.locator(".dot[data-state=available]")).to_be_visible()
        await expect(banner).to_be_hidden()
        cut = True
        await sockets[-1].close(code=1011)
        await expect(banner).to_be_visible()
        await world.citizen("Mientras Tanto").waits_in("rprh")
        cut = False
        await expect(banner).to_be_hidden(timeout=20_000)
        await expect(card(page, "Mientras Tanto")).to_be_visible()


async def test_who_is_disabled_is_shown_the_door(browser: Browser, world: World) -> None:
    admin = await world.agent("admin")
    waiting = await world.citizen("Carlos").waits_in("rprh")
    async with desk_of(browser, world) as page:
        await page.get_by_label("Mi estado").select_option("Ocupado")
        await expect(page.locator(".dot[data-state=busy]")).to_be_visible()
        await admin.request("PATCH", "/v1/accounts/agente.rprh", {"disabled": True})
        await card(page, "Carlos").click()
        await expect(page.get_by_text("Su sesión terminó. Inicie sesión de nuevo.")).to_be_visible()
        await expect(page.get_by_text("Carlos")).to_have_count(0)
    assert (await admin.get(f"/v1/conversations/{waiting.id}"))["conversation"]["agent_id"] is None


async def test_unread_messages_are_counted_until_they_are_seen(browser: Browser, world: World) -> None:
    one, other = world.citizen("Uno"), world.citizen("Otro")
    await one.waits_in("rprh")
    await other.waits_in("rprh")
    async with desk_of(browser, world) as page:
        for name in ("Uno", "Otro"):
            await card(page, f"^{name}").click()
            await page.get_by_role("button", name="Tomar", exact=True).click()
            await expect(page.get_by_role("textbox", name="Su respuesta")).to_be_focused()
        await one.says("¿sigue ahí?")
        await one.says("¿hola?")
        await expect(page.get_by_text("2 mensajes sin leer")).to_be_attached()
        await expect(page).to_have_title("(2) Escritorio de atención")
        await card(page, "^Uno").click()
        await expect(page.get_by_text("2 mensajes sin leer")).to_be_hidden()
        await expect(page).to_have_title("Escritorio de atención")
        await page.reload()
        await expect(card(page, "^Uno")).to_be_visible()
        await expect(page).to_have_title("Escritorio de atención")


async def test_the_help_opens_and_closes_by_keyboard_and_small_screens_fit(
    browser: Browser, world: World
) -> None:
    await world.citizen("Alguien con un nombre bastante largo de verdad").waits_in("rprh")
    async with desk_of(browser, world, width=800, height=700) as page:
        await page.keyboard.press("F1")
        await expect(page.get_by_role("dialog", name="Atajos de teclado")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(card(page, "^Alguien")).to_be_visible()
        await page.keyboard.press("Alt+ArrowDown")
        await expect(page.get_by_role("heading", name=re.compile("Alguien"))).to_be_visible()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 800
