"""Puts ingest together: its channels, the identity of contacts, deliveries, and the HTTP surface."""

from fastapi import FastAPI

from ingest.api import message_routes
from ingest.channels.sender import ChannelSender
from ingest.channels.webchat import Keys as WebChatKeys
from ingest.channels.webchat import web_chat
from ingest.channels.whatsapp.intake import Intake
from ingest.channels.whatsapp.sender import WhatsAppSender, provider_session
from ingest.channels.whatsapp.webhook import PATH, challenge_route, door, notifications
from ingest.deliveries.worker import Worker
from ingest.gate import Gate
from ingest.handlers import consume
from ingest.identity.resolver import Resolver
from ingest.settings import IngestSettings
from ingest.store.addresses import Addresses
from ingest.store.aliases import Aliases
from ingest.store.deliveries import Deliveries
from ventanilla.contracts.channel import Channel
from ventanilla.exhaustion import Exhaustion
from ventanilla.service import Runtime, service_app
from ventanilla.settings import load_settings
from ventanilla.topics import ALLOTMENT


def create_app(settings: IngestSettings | None = None) -> FastAPI:
    """The application; it connects when it starts. Without `settings` they come from the environment."""
    return service_app(
        "ingest",
        settings or load_settings(IngestSettings),
        _wire,
        title="Ventanilla ingest",
        description="The edge: everything that touches a channel, in both directions.",
    )


async def _wire(app: FastAPI, runtime: Runtime[IngestSettings]) -> None:
    settings, store, stream = runtime.settings, runtime.store, runtime.stream
    aliases, addresses, deliveries = Aliases(store), Addresses(store), Deliveries(store)
    await aliases.prepare()
    contact_key = settings.contact_key.get_secret_value().encode()
    resolver = Resolver(contact_key, aliases, addresses, stream.publish)
    webhooks = Gate("whatsapp", settings.intake_requests, settings.intake_megabytes * 1024 * 1024)
    visitors = Gate("webchat", settings.intake_requests)
    for gate in (webhooks, visitors):
        runtime.reports(trouble=gate.trouble, strain=gate.strain)
    chat = web_chat(
        institution=runtime.institution,
        store=store,
        publish=stream.publish,
        register=lambda person: resolver.resolve([person]),
        keys=WebChatKeys(token=settings.webchat_key.get_secret_value(), contact=contact_key),
        origins=settings.webchat_origins,
        gate=visitors,
    )
    await chat.prepare()
    runtime.background("webchat", chat.watch)
    provider = provider_session(settings.whatsapp_base_url)
    runtime.at_stop(provider.close)
    whatsapp = WhatsAppSender(
        provider, settings.whatsapp_base_url, settings.whatsapp_access_token.get_secret_value()
    )
    senders: dict[Channel, ChannelSender] = {Channel.WHATSAPP: whatsapp, Channel.WEBCHAT: chat.sender}
    exhaustion = Exhaustion(runtime.institution)
    stream.table(ALLOTMENT, exhaustion.take)
    worker = Worker(runtime.institution, stream, deliveries, addresses, senders, exhaustion)
    consume(stream, worker, deliveries)
    numbers = frozenset(one.id for one in runtime.institution.accounts if one.channel is Channel.WHATSAPP)
    app_secret = settings.whatsapp_app_secret.get_secret_value().encode()
    # The first in the list is found first: nothing else is asked for as often.
    runtime.direct["POST", PATH] = notifications(app_secret, numbers, Intake(stream, resolver), webhooks)
    runtime.doors[b"POST", PATH.encode()] = door(webhooks)
    app.include_router(challenge_route(settings.whatsapp_verify_token.get_secret_value()))
    app.include_router(chat.router)
    app.include_router(message_routes(settings.token_key.get_secret_value(), deliveries))
