"""The web chat inside the real ingest: what the router decides reaches the visitor."""

from dataclasses import dataclass

import jwt

from ingest.app import create_app
from ingest.settings import IngestSettings
from stack.topics import apply
from support.engines import RunningEngines
from support.serving import serving
from support.topics import eventually_events, write
from support.webchat import MENU, answer, visiting
from ventanilla.contacts import contact_id
from ventanilla.contracts.channel import Channel, DeliveryStatus, MessageStatus, ReceivedMessage
from ventanilla.topics import OUTBOUND, RECEIVED, STATUS


@dataclass
class Service:
    url: str


async def test_from_the_visitor_to_kafka_and_back(
    settings: IngestSettings, fresh_engines: RunningEngines
) -> None:
    await apply(settings.kafka_bootstrap)
    async with (
        serving(create_app(settings), lifespan="on") as url,
        visiting(Service(url)) as (
            visitor,
            welcome,
        ),
    ):
        await visitor.send(type="message", client_id="pregunta-1", text="q papeles piden")
        await visitor.until("accepted")
        visitor_id = jwt.decode(welcome["token"], options={"verify_signature": False})["sub"]
        contact = contact_id(b"k" * 32, Channel.WEBCHAT, "web", visitor_id)
        await eventually_events(fresh_engines.kafka, RECEIVED, ReceivedMessage, {contact}, 1)
        message = answer(contact, MENU, f"answer-{contact}")
        await write(fresh_engines.kafka, OUTBOUND, [message])
        await visitor.messages(1)
        (shown,) = await visitor.messages(1, seconds=30)
        assert (shown["id"], shown["author"]) == (message.id, {"kind": "bot"})
        await visitor.send(type="read", seq=shown["seq"])
        statuses = await eventually_events(fresh_engines.kafka, STATUS, MessageStatus, {contact}, 3)
        assert sorted(one.status for one in statuses) == [
            DeliveryStatus.ACCEPTED,
            DeliveryStatus.DELIVERED,
            DeliveryStatus.READ,
        ]
        assert {(one.message_id, one.part, one.parts) for one in statuses} == {(message.id, 0, 1)}
