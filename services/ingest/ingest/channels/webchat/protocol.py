"""The frames between a visitor's browser and the server: one JSON object in each WebSocket text message.

The client begins with `hello`; the server answers `welcome`, then sends everything after `last_seq`.

From the client:

    hello {token?, last_seq}       who I am (without a token: nobody yet), and the last seq that I have seen
    message {client_id, text}      `client_id` is the browser's own id; sent again, it is the same message
    message {client_id, choice {id, title}}    an option was pressed
    ack {seq}, read {seq}          everything up to seq has arrived here, was on a visible screen
    typing                         the visitor writes (taken, but shown to nobody yet)
    ping                           is anybody there

From the server:

    welcome {token, seq, read, institution}    keep the token; the last seq that exists, and that was read
    accepted {client_id, at, seq}  Kafka has acknowledged the message: it cannot be lost any more
    message {seq, id, at, author {kind, name?}, content, client_id?}
                                   kind is bot, agent, system, or visitor for his own (then with `client_id`)
    error {code, text, client_id?, retry_after?}
                                   `text` is for who integrates, the widget has its own words for each code;
                                   `retry_after` is in seconds
    pong

`seq` numbers the messages of one visitor, both directions, from 1 without a gap. `at` is UTC. Close codes:
see `Close`. Sizes, rates and shapes are checked before anything is stored.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ventanilla.contracts.channel import Choice, Text
from ventanilla.contracts.event import Timestamp

MAX_TEXT = 4_000
"""Characters of one message."""
MAX_FRAME = 16 * 1024
"""Bytes of one frame, in UTF-8."""
MAX_SEQ = 2**53 - 1
"""The largest whole number that JavaScript keeps exactly."""


class Close(IntEnum):
    """Why the server ended a connection. The widget acts by these numbers: they are part of the protocol."""

    RESTART = 1012  # come back
    UNSUPPORTED = 1003  # a binary frame
    TOO_BIG = 1009
    BAD_FRAME = 4400
    BAD_TOKEN = 4401  # forget the token, begin as somebody new
    FORBIDDEN_ORIGIN = 4403
    UNKNOWN_ACCOUNT = 4404
    NO_HELLO = 4408
    REPLACED = 4409  # the visitor opened too many connections: the oldest goes
    FLOOD = 4429
    UNAVAILABLE = 4503


class Code(StrEnum):
    """What an `error` frame is about."""

    BAD_FRAME = "bad_frame"
    BAD_TOKEN = "bad_token"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    UNKNOWN_ACCOUNT = "unknown_account"
    REPLACED = "replaced"
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class Frame(BaseModel):
    """Immutable; tolerant of fields that a newer client adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


# --- what a client sends -------------------------------------------------------------------------------


class Hello(Frame):
    type: Literal["hello"]
    token: str | None = Field(default=None, max_length=1024)
    last_seq: int = Field(default=0, ge=0, le=MAX_SEQ)


class Pressed(Frame):
    """An option that was offered, with the id and the title that it was offered with."""

    id: str = Field(min_length=1, max_length=256)
    title: str = Field(min_length=1, max_length=256)


class ClientMessage(Frame):
    """Either free text or a pressed option."""

    type: Literal["message"]
    client_id: str = Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")
    text: str | None = Field(default=None, max_length=MAX_TEXT)
    choice: Pressed | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if (self.text is None) == (self.choice is None):
            raise ValueError("a message has either text or choice")
        if self.text is not None and not self.text.strip():
            raise ValueError("the text is empty")
        return self

    @property
    def content(self) -> Text | Choice:
        """The same in the contract's words."""
        if self.choice is not None:
            return Choice(kind="button_reply", choice_id=self.choice.id, title=self.choice.title)
        return Text(text=self.text or "")


class Ack(Frame):
    type: Literal["ack"]
    seq: int = Field(ge=1, le=MAX_SEQ)


class Read(Frame):
    type: Literal["read"]
    seq: int = Field(ge=1, le=MAX_SEQ)


class Typing(Frame):
    type: Literal["typing"]


class Ping(Frame):
    type: Literal["ping"]


ClientFrame = Hello | ClientMessage | Ack | Read | Typing | Ping

_CLIENT: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


class BadFrameError(Exception):
    """A frame that is none. The message says where and why, and repeats nothing of what was written.

    `client_id` is the message's, where one can be told, so that the client can mark it.
    """

    def __init__(self, reason: str, client_id: str | None = None) -> None:
        super().__init__(reason)
        self.client_id = client_id


def read_frame(data: str) -> ClientFrame:
    """Raises `BadFrameError`. The size is the caller's to check, before this."""
    try:
        return _CLIENT.validate_json(data)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(step) for step in problem['loc']) or 'frame'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        raise BadFrameError("; ".join(problems)[:300], _client_id(data)) from None


class _AnyMessage(BaseModel):
    client_id: str = Field(max_length=64)


def _client_id(data: str) -> str | None:
    try:
        return _AnyMessage.model_validate_json(data).client_id
    except ValidationError:
        return None


# --- what the server sends -------------------------------------------------------------------------------


class Welcome(Frame):
    type: Literal["welcome"] = "welcome"
    token: str
    seq: int
    read: int
    institution: str


class Accepted(Frame):
    type: Literal["accepted"] = "accepted"
    client_id: str
    at: Timestamp
    seq: int


class Speaker(Frame):
    kind: Literal["bot", "agent", "system", "visitor"]
    name: str | None = None


class ServerMessage(Frame):
    """One message of the conversation. `content` is `text`, `menu` or `choice` in the contract's shape."""

    type: Literal["message"] = "message"
    seq: int
    id: str
    at: Timestamp
    author: Speaker
    content: dict[str, Any]
    client_id: str | None = None


class Error(Frame):
    type: Literal["error"] = "error"
    code: Code
    text: str
    client_id: str | None = None
    retry_after: float | None = None


class Pong(Frame):
    type: Literal["pong"] = "pong"


ServerFrame = Welcome | Accepted | ServerMessage | Error | Pong


def written(frame: ServerFrame) -> str:
    """The frame as JSON, without what is absent."""
    return frame.model_dump_json(exclude_none=True)
