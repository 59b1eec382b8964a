"""The web chat's widget in a real Chromium, against its real routes, Kafka and store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from ingest.channels.webchat.limits import Limits
from support.engines import RunningEngines
from support.topics import events, eventually_events
from support.webchat import MENU, Replica, contact_of, replica
from ventanilla.contracts.channel import (
    Choice,
    DeliveryStatus,
    MessageStatus,
    ReceivedMessage,
    Text,
    TextOut,
)
from ventanilla.stream import Output, StreamUnavailableError
from ventanilla.topics import RECEIVED, STATUS


async def answering(server: Replica, output: Output) -> None:
    """A bot of few words: offers its menu, and confirms what was picked."""
    event = output[1]
    if not isinstance(event, ReceivedMessage):
        return
    if isinstance(event.content, Choice):
        said: Any = TextOut(text=f"Eligió {event.content.choice_id}.")
    elif isinstance(event.content, Text) and event.content.text.startswith("q papeles"):
        said = MENU
    else:
        return
    await server.say(event.contact_id, said, message_id=f"answer-{event.id}")


@asynccontextmanager
async def page_of(browser: Browser, server: Replica, **options: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(**options)
    try:
        yield await opened(context, server)
    finally:
        await context.close()


async def opened(context: BrowserContext, server: Replica) -> Page:
    page = await context.new_page()
    await page.goto(f"{server.url}/webchat/")
    return page


@pytest.fixture(autouse=True)
async def _clean_console(browser: Browser) -> AsyncIterator[None]:
    """No test passes when a page raised an error, or was held back by the page's strict policy."""
    raised: list[str] = []

    def watch(context: BrowserContext) -> None:
        context.on("weberror", lambda one: raised.append(str(one.error)))
        context.on(
            "console",
            lambda one: raised.append(one.text) if "Content Security Policy" in one.text else None,
        )

    browser.on("context", watch)
    yield
    assert raised == []


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Escriba su mensaje").fill(text)
    await page.keyboard.press("Enter")


def bubbles(page: Page) -> Any:
    return page.locator(".m .body")


def contact(server: Replica) -> str:
    return contact_of(server.met[0].ids[0])


async def test_a_question_an_answer_and_an_option(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database, on_message=answering) as server, page_of(browser, server) as page:
        await page.get_by_role("button", name="Abrir el chat de atención").click()
        dialog = page.get_by_role("dialog", name="Registro de Prueba")
        await expect(dialog).to_be_visible()
        await expect(dialog.get_by_text("En línea")).to_be_visible()
        await say(page, "q papeles piden pa quitar la hipoteca")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await expect(dialog.get_by_text("Asistente virtual")).to_be_visible()
        await dialog.get_by_role("button", name="Tierras").click()
        await expect(page.locator(".m.bot .body").last).to_have_text("Eligió area:tierras.")
        assert await bubbles(page).all_inner_texts() == [
            "q papeles piden pa quitar la hipoteca",
            MENU.text,
            "Tierras",
            "Eligió area:tierras.",
        ]
        received = await events(engines.kafka, RECEIVED, ReceivedMessage, {contact(server)})
        assert [event.content.type for event in received] == ["text", "choice"]
        statuses = await eventually_events(engines.kafka, STATUS, MessageStatus, {contact(server)}, 4)
        assert (
            sorted(one.status for one in statuses)
            == [DeliveryStatus.DELIVERED] * 2 + [DeliveryStatus.READ] * 2
        )


async def test_an_agent_speaks_under_his_name_and_the_office_apart(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server, page_of(browser, server) as page:
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "comuníqueme con alguien")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await server.say(contact(server), TextOut(text="Le atiende Ana Pérez."), by="system")
        await server.say(contact(server), TextOut(text="Buenas tardes, ¿en qué le ayudo?"), by="agent")
        await expect(page.locator(".m.agent .who")).to_have_text("Ana Pérez")
        await expect(page.locator(".m.system .body")).to_have_text("Le atiende Ana Pérez.")


async def test_what_is_new_is_followed_unless_the_visitor_reads_further_up(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server, page_of(browser, server) as page:
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "hola")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await server.say(contact(server), TextOut(text="largo\n" * 40))
        await server.say(contact(server), TextOut(text="el final"))
        await expect(page.get_by_text("el final")).to_be_in_viewport()
        await page.get_by_role("log").evaluate("one => { one.scrollTop = 0; }")
        await expect(page.get_by_text("Bienvenido")).to_be_in_viewport()
        await server.say(contact(server), TextOut(text="uno más"))
        await expect(page.get_by_text("uno más")).to_be_attached()
        await expect(page.get_by_text("Bienvenido")).to_be_in_viewport()


async def test_a_window_too_many_gives_way_and_can_be_taken_back(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    limits = replace(Limits(), connections_per_visitor=1)
    async with replica(engines, database, limits=limits) as server:
        context = await browser.new_context()
        first = await opened(context, server)
        await first.get_by_role("button", name="Abrir el chat").click()
        await say(first, "hola")
        await expect(first.locator(".m.visitor .meta")).to_contain_text("Enviado")
        second = await opened(context, server)
        await second.get_by_role("button", name="Abrir el chat").click()
        await expect(first.get_by_text("El chat sigue abierto en otra ventana.")).to_be_visible()
        await say(second, "desde la segunda")
        await first.get_by_role("button", name="Usar aquí").click()
        await expect(first.get_by_text("desde la segunda")).to_be_visible()
        await expect(second.get_by_text("El chat sigue abierto en otra ventana.")).to_be_visible()
        await context.close()


async def test_what_others_write_stays_text(engines: RunningEngines, database: str, browser: Browser) -> None:
    nasty = "<img src=x onerror=\"document.title='roto'\"> & <b>negrita</b>"
    async with replica(engines, database) as server, page_of(browser, server) as page:
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, nasty)
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await server.say(contact(server), TextOut(text=nasty), by="agent")
        await expect(page.locator(".m.agent .body")).to_have_text(nasty)
        assert await page.title() != "roto"
        assert await page.locator(".body img, .body b").count() == 0


async def test_a_restart_of_the_server_loses_nothing_and_shows_nothing_twice(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    context = await browser.new_context()
    async with replica(engines, database) as server:
        page = await opened(context, server)
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "antes")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        visitor = contact(server)
        await server.say(visitor, TextOut(text="respuesta uno"))
        await expect(page.get_by_text("respuesta uno")).to_be_visible()
    await expect(page.get_by_role("status").first).to_contain_text("Sin conexión")
    await say(page, "durante el corte")
    await say(page, "y otra más")
    await expect(page.locator(".m.visitor .meta").last).to_contain_text("Enviando")
    port = int(server.url.rsplit(":", 1)[1])
    async with replica(engines, database, port=port) as again:
        await again.say(visitor, TextOut(text="respuesta dos"))
        await expect(page.locator(".m.visitor .meta").last).to_contain_text("Enviado", timeout=20_000)
        texts = await bubbles(page).all_inner_texts()
        assert sorted(texts) == sorted(
            ["antes", "respuesta uno", "respuesta dos", "durante el corte", "y otra más"]
        )
        assert texts.index("durante el corte") < texts.index("y otra más")
        received = await events(engines.kafka, RECEIVED, ReceivedMessage, {visitor})
        assert len({event.id for event in received}) == 3
    await context.close()


async def test_who_closes_the_page_before_it_was_sent_finds_it_sent_when_he_is_back(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server:
        context = await browser.new_context()
        page = await opened(context, server)
        server.refuse.extend(StreamUnavailableError("no broker") for _ in range(50))
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "no se pierda")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("No enviado", timeout=20_000)
        await expect(page.get_by_role("button", name="Reintentar")).to_be_visible()
        await page.close()
        server.refuse.clear()
        page = await opened(context, server)
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado", timeout=20_000)
        await expect(bubbles(page)).to_have_count(1)
        received = await events(engines.kafka, RECEIVED, ReceivedMessage, {contact(server)})
        assert [event.content for event in received] == [Text(text="no se pierda")]
        await context.close()


async def test_a_failed_message_can_be_sent_again_by_hand(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server, page_of(browser, server) as page:
        server.refuse.extend(StreamUnavailableError("no broker") for _ in range(50))
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "hola")
        again = page.get_by_role("button", name="Reintentar")
        await expect(again).to_be_visible(timeout=20_000)
        server.refuse.clear()
        await again.click()
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")


async def test_an_offline_telephone_keeps_what_is_written(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server, page_of(browser, server) as page:
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "uno")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await page.context.set_offline(True)
        await expect(page.get_by_role("status").first).not_to_contain_text("En línea")
        await say(page, "dos")
        await server.say(contact(server), TextOut(text="mientras tanto"))
        await page.context.set_offline(False)
        await expect(page.locator(".m.visitor .meta").last).to_contain_text("Enviado", timeout=20_000)
        await expect(page.get_by_text("mientras tanto")).to_be_visible()
        await expect(bubbles(page)).to_have_count(3)


async def test_a_returning_visitor_finds_his_conversation_and_what_he_missed(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server:
        context = await browser.new_context()
        page = await opened(context, server)
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "vuelvo luego")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado")
        await page.close()
        await server.say(contact(server), TextOut(text="ya está listo"))
        page = await opened(context, server)
        await page.get_by_role("button", name="Abrir el chat de atención. 1 mensaje nuevo").click()
        await expect(page.get_by_text("ya está listo")).to_be_visible()
        assert await bubbles(page).all_inner_texts() == ["vuelvo luego", "ya está listo"]
        await context.close()


async def test_two_tabs_are_one_conversation(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database, on_message=answering) as server:
        context = await browser.new_context()
        first = await opened(context, server)
        await first.get_by_role("button", name="Abrir el chat").click()
        await say(first, "q papeles piden")
        await expect(bubbles(first)).to_have_count(2)
        second = await opened(context, server)
        await second.get_by_role("button", name="Abrir el chat").click()
        await expect(bubbles(second)).to_have_count(2)
        await say(second, "desde la otra")
        await expect(bubbles(first)).to_have_count(3)
        assert await bubbles(first).all_inner_texts() == await bubbles(second).all_inner_texts()
        await context.close()


async def test_a_browser_with_somebody_elses_token_begins_anew(
    engines: RunningEngines, database: str, browser: Browser
) -> None:
    async with replica(engines, database) as server:
        context = await browser.new_context()
        page = await opened(context, server)
        await page.evaluate("localStorage.setItem('ventanilla.web.token', 'not.a.token')")
        await page.reload()
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "hola")
        await expect(page.locator(".m.visitor .meta")).to_contain_text("Enviado", timeout=20_000)
        await context.close()


async def test_by_keyboard_alone(engines: RunningEngines, database: str, browser: Browser) -> None:
    async with replica(engines, database, on_message=answering) as server, page_of(browser, server) as page:
        press = page.keyboard.press
        await press("Tab")
        assert await focused(page) == "Abrir el chat de atención"
        await press("Enter")
        assert await focused(page) == "ventanilla-text"
        await page.keyboard.type("q papeles piden")
        await press("Shift+Enter")
        await page.keyboard.type("para la hipoteca")
        await press("Enter")
        await expect(page.get_by_role("button", name="Tierras")).to_be_visible()
        await press("Shift+Tab")
        await press("Shift+Tab")
        assert (await focused(page)).startswith("Tierras")
        await press("Enter")
        await expect(page.locator(".m.bot .body").last).to_have_text("Eligió area:tierras.")
        await press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert await focused(page) == "Abrir el chat de atención"
        assert await page.locator(".m.visitor .body").first.text_content() == (
            "q papeles piden\npara la hipoteca"
        )


async def focused(page: Page) -> str:
    """The name of what has the focus, as far as this test needs names."""
    name: str = await page.evaluate(
        """() => {
            let node = document.activeElement;
            while (node && node.shadowRoot && node.shadowRoot.activeElement) {
                node = node.shadowRoot.activeElement;
            }
            return node.getAttribute("aria-label") || node.id || node.textContent;
        }"""
    )
    return name


SCREENS = [(320, 568), (360, 740), (640, 300), (1280, 800)]
"""320 px wide, a telephone, 200 % zoom of 1280 x 600, and a desk."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_every_screen(
    engines: RunningEngines, database: str, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    async with (
        replica(engines, database, on_message=answering) as server,
        page_of(browser, server, color_scheme=scheme, reduced_motion="reduce") as page,
    ):
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "q papeles piden pa quitar la hipoteca" + "x" * 60)
        await expect(page.get_by_role("button", name="Comercio")).to_be_visible()
        await server.say(contact(server), TextOut(text="Le atiende Ana Pérez."), by="system")
        await server.say(contact(server), TextOut(text="Buenas tardes, ¿en qué le ayudo?"), by="agent")
        await expect(page.locator(".m.agent .body")).to_be_visible()
        for width, height in SCREENS:
            await page.set_viewport_size({"width": width, "height": height})
            await expect(page.locator(".m.agent .body")).to_be_in_viewport(ratio=1)
            await page.screenshot(path=tmp_path / f"{width}-{scheme}.png")
            for name in ("Cerrar el chat", "Enviar"):
                box = await page.locator(".panel").get_by_role("button", name=name).bounding_box()
                assert box is not None
                assert 0 <= box["x"] <= width - box["width"]
                assert 0 <= box["y"] <= height - box["height"]
                assert min(box["width"], box["height"]) >= 44
            assert not await page.evaluate(_SCROLLS_SIDEWAYS)
        size = await page.get_by_label("Escriba su mensaje").evaluate("one => getComputedStyle(one).fontSize")
        assert size == "16px"


_SCROLLS_SIDEWAYS = """() => {
    const root = document.querySelector("[data-ventanilla]").shadowRoot;
    return [document.documentElement, root.querySelector(".log"), root.querySelector(".panel")]
        .some((one) => one.scrollWidth > one.clientWidth);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_enough_contrast(
    engines: RunningEngines, database: str, browser: Browser, scheme: str
) -> None:
    """WCAG 2 AA: 4.5 to 1, measured on what is drawn."""
    async with (
        replica(engines, database, on_message=answering) as server,
        page_of(browser, server, color_scheme=scheme, reduced_motion="reduce") as page,
    ):
        await page.get_by_role("button", name="Abrir el chat").click()
        await say(page, "q papeles piden")
        await page.get_by_role("button", name="Comercio").click()
        await server.say(contact(server), TextOut(text="Le atiende Ana Pérez."), by="system")
        await server.say(contact(server), TextOut(text="Buenas tardes"), by="agent")
        await expect(page.locator(".m.agent .body")).to_be_visible()
        server.refuse.extend(StreamUnavailableError("no broker") for _ in range(9))
        await say(page, "no sale")
        await expect(page.get_by_role("button", name="Reintentar")).to_be_visible(timeout=20_000)
        weak = await page.evaluate(_CONTRASTS)
        assert [one for one in weak if one["ratio"] < 4.5] == []
        assert len(weak) > 12


_CONTRASTS = """() => {
    const root = document.querySelector("[data-ventanilla]").shadowRoot;
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => {
        const [r, g, b] = rgb.slice(0, 3).map((one) => one / 255).map(
            (one) => one <= 0.03928 ? one / 12.92 : Math.pow((one + 0.055) / 1.055, 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (node) => {
        for (let one = node; one instanceof Element; one = one.parentNode) {
            const colour = parts(getComputedStyle(one).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) { return colour; }
        }
        return [255, 255, 255];
    };
    return [...root.querySelectorAll(".panel *")].filter(
        (node) => node.getClientRects().length && [...node.childNodes].some(
            (child) => child.nodeType === 3 && child.data.trim())
    ).map((node) => {
        const pair = [light(parts(getComputedStyle(node).color)), light(ground(node))].sort((a, b) => b - a);
        return { text: node.textContent.slice(0, 30), ratio: (pair[0] + 0.05) / (pair[1] + 0.05) };
    });
}"""
