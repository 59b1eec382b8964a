"""The first run of a stranger: two pages in a browser, a citizen, the bot, an agent, one metered session."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from stack.secrets import load_secrets
from support.stack import TestStack
from ventanilla.institution import load_institution

pytestmark = pytest.mark.timeout(400)

PHONE = "50370000001"
SOON = 20_000  # milliseconds; a loaded machine is slow


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser window in which no page may fail behind the scenes."""
    raised: list[str] = []
    context = await browser.new_context(locale="es-SV", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(SOON)
    context.on("weberror", lambda one: raised.append(str(one.error)))
    yield context
    await context.close()
    assert raised == []


def password(stack: TestStack) -> str:
    return load_secrets(stack.data, {})["VENTANILLA_DEMO_PASSWORD"]


async def enter_desk(context: BrowserContext, stack: TestStack, username: str) -> Page:
    desk = await context.new_page()
    await desk.goto(stack.url("agent-gateway"))
    await desk.get_by_label("Usuario").fill(username)
    await desk.get_by_label("Contraseña").fill(password(stack))
    await desk.get_by_role("button", name="Entrar").click()
    await expect(desk.get_by_role("heading", name="En espera")).to_be_visible(timeout=SOON)
    return desk


async def take_and_answer(desk: Page, answer: str) -> None:
    """As an agent does: the oldest one that waits is taken, read, answered."""
    await desk.get_by_role("button", name=re.compile("Tomar (la )?siguiente")).click()
    await desk.locator("#composer").fill(answer)
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("log").get_by_text(answer)).to_be_visible(timeout=SOON)


async def phone_writes(phone: Locator, text: str) -> None:
    await phone.get_by_label("Mensaje").fill(text)
    await phone.get_by_role("button", name="Enviar").click()


def finance(stack: TestStack) -> httpx.AsyncClient:
    token = stack.command("token", "--role", "finance").stdout.strip()
    return httpx.AsyncClient(base_url=stack.url("billing"), headers={"Authorization": f"Bearer {token}"})


async def sessions_of(stack: TestStack, contact: str) -> list[dict[str, Any]]:
    zone = load_institution(stack.state.config).zone
    month = f"{datetime.now(UTC).astimezone(zone):%Y-%m}"
    async with finance(stack) as billing:
        answer = await billing.get("/v1/sessions", params={"contact": contact, "month": month})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


async def test_a_citizen_on_whatsapp_is_answered_by_the_bot_then_by_an_agent_and_metered_once(
    stack: TestStack, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(stack.url("sandbox"))
    phone = page.get_by_role("region", name=re.compile("Teléfono de María"))
    chat = phone.get_by_role("log")

    await phone_writes(phone, "q papeles piden pa quitar la hipoteca")
    await expect(chat.get_by_text("La escritura de cancelación")).to_be_visible(timeout=SOON)

    await phone_writes(phone, "quiero hablar con una persona")
    await expect(chat.get_by_text("Le comunico con una persona de Propiedad Raíz")).to_be_visible(
        timeout=SOON
    )

    desk = await enter_desk(context, stack, "agente.rprh")
    await take_and_answer(desk, "Buenos días, María. Con gusto le ayudo con su cancelación.")
    await expect(desk.get_by_role("log").get_by_text("q papeles piden pa quitar la hipoteca")).to_be_visible()
    await expect(chat.get_by_text("Le atiende Agente de Propiedad Raíz")).to_be_visible(timeout=SOON)
    await expect(chat.get_by_text("Con gusto le ayudo con su cancelación.")).to_be_visible(timeout=SOON)

    await phone_writes(phone, "muchas gracias")
    await expect(desk.get_by_role("log").get_by_text("muchas gracias")).to_be_visible(timeout=SOON)

    [session] = await sessions_of(stack, PHONE)
    assert session["account"] == "106540352242922"
    opened, closes = (datetime.fromisoformat(session[name]) for name in ("opened_at", "closes_at"))
    assert (closes - opened).total_seconds() == 24 * 3600
    assert abs((datetime.now(UTC) - opened).total_seconds()) < 600


async def test_what_the_institution_answers_on_its_own_telephone_is_seen_on_the_desk(
    stack: TestStack, context: BrowserContext
) -> None:
    async with httpx.AsyncClient(base_url=stack.url("sandbox")) as sandbox:
        for text in ("como esta mi inscripcion en comercio", "quiero hablar con una persona"):
            await sandbox.post("/phones/50370000003/messages", json={"text": text, "name": "Elena"})
    desk = await enter_desk(context, stack, "supervisora")
    await desk.get_by_role("button", name=re.compile("Elena")).first.click()

    page = await context.new_page()
    await page.goto(stack.url("sandbox"))
    await page.get_by_label("Número").fill("+503 7000 0003")
    await page.get_by_role("button", name="Agregar teléfono").click()
    phone = page.get_by_role("region", name=re.compile("0003"))
    await phone.get_by_label("Mensaje").fill("Le llamo en cinco minutos.")
    await phone.get_by_role("button", name="Adjuntar").click()
    await phone.get_by_role("button", name=re.compile("Responder desde el teléfono")).click()
    await expect(phone.get_by_role("log").get_by_text("Le llamo en cinco minutos.")).to_be_visible(
        timeout=SOON
    )

    shown = desk.locator(".message", has_text="Le llamo en cinco minutos.")
    await expect(shown).to_have_class(re.compile("by-telephone"), timeout=SOON)
    await expect(shown.get_by_text("Teléfono de la institución")).to_be_visible()
    await expect(shown.get_by_text("Leído")).to_be_attached(timeout=SOON)


async def test_a_visitor_of_the_web_page_is_answered_by_an_agent_and_costs_no_session(
    stack: TestStack, context: BrowserContext
) -> None:
    async with finance(stack) as billing:
        used = (await billing.get("/v1/balance")).json()["used"]
    page = await context.new_page()
    await page.goto(f"{stack.url('ingest')}/webchat/")
    await page.get_by_role("button", name=re.compile("Abrir el chat")).click()

    async def say(text: str) -> None:
        await page.get_by_label("Escriba su mensaje").fill(text)
        await page.keyboard.press("Enter")

    await say("como va mi marca")
    await expect(page.locator(".m.bot .body").last).to_be_visible(timeout=SOON)
    await say("comuniqueme con alguien xfa")
    await expect(page.get_by_text("Le comunico con una persona de Propiedad Intelectual")).to_be_visible(
        timeout=SOON
    )

    desk = await enter_desk(context, stack, "agente.rpi")
    await take_and_answer(desk, "Su solicitud de marca está en examen de fondo.")
    await expect(page.locator(".m.agent .body").last).to_have_text(
        "Su solicitud de marca está en examen de fondo.", timeout=SOON
    )
    async with finance(stack) as billing:
        assert (await billing.get("/v1/balance")).json()["used"] == used


async def test_an_agent_sees_nothing_of_another_area(stack: TestStack, context: BrowserContext) -> None:
    async with httpx.AsyncClient(base_url=stack.url("sandbox")) as sandbox:
        for text in ("q papeles piden pa quitar la hipoteca", "quiero hablar con una persona"):
            await sandbox.post("/phones/50370000002/messages", json={"text": text, "name": "Rosa"})
    theirs = await enter_desk(context, stack, "agente.rprh")
    await expect(theirs.get_by_role("button", name=re.compile("Rosa"))).to_be_visible(timeout=SOON)
    await theirs.get_by_role("button", name="Salir").click()
    await expect(theirs.get_by_role("button", name="Entrar")).to_be_visible(timeout=SOON)

    foreign = await enter_desk(context, stack, "agente.rgm")
    await expect(foreign.get_by_text("Nadie espera")).to_be_visible(timeout=SOON)
    assert "Rosa" not in await foreign.locator("body").inner_text()
