"""What the controls accept. Each mistake is told with its place and reason (422)."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from sandbox.domain.addresses import address, is_user_id
from sandbox.domain.errors import CATALOGUE, HTTP_STATUSES


def _address(text: str) -> str:
    found = address(text)
    if found is None:
        raise ValueError("write a number with its country code (+503 7000 0001) or a user id (SV.1234)")
    return found


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError("a business-scoped user id is two capitals, a dot and letters or digits: SV.1234")
    return text


def _utc(moment: AwareDatetime) -> AwareDatetime:
    if abs(moment.utcoffset() or timedelta()) > timedelta(hours=14) or not 1990 <= moment.year <= 2200:
        raise ValueError("is no time that a phone can have")
    return moment


Address = Annotated[str, AfterValidator(_address)]
UserId = Annotated[str, AfterValidator(_user_id)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FailInput(Input):
    """The next `times` sends to `contact` fail with `code`; 0 takes back what was asked before.

    `async`: the send is accepted, and a `failed` status follows.
    """

    contact: Address
    code: int
    times: int = Field(1, ge=0, le=10_000)
    later: bool = Field(False, alias="async")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.code in HTTP_STATUSES and not self.later:
            return self
        if self.code not in CATALOGUE:
            codes = ", ".join(map(str, sorted(CATALOGUE)))
            raise ValueError(
                f"code is a Graph code ({codes}) or, unless async, an HTTP status ({sorted(HTTP_STATUSES)})"
            )
        return self


class ChoiceInput(Input):
    id: str = Field(min_length=1, max_length=256)
    title: str | None = Field(None, max_length=256)


class WriteInput(Input):
    """What a phone writes: `text`, a `choice` of a menu, or any other `type` with its `payload`."""

    account: str | None = None
    text: str | None = Field(None, min_length=1, max_length=4096)
    choice: ChoiceInput | None = None
    type: str | None = Field(None, pattern=r"^[a-z_]{1,40}$")
    payload: Any = None
    """The object that bears the type's name in the provider's message (`{"id": …}` of an `image`)."""
    reply_to: str | None = Field(None, max_length=512)
    at: Moment | None = None
    name: str | None = Field(None, max_length=100)
    user_id: UserId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(part is not None for part in (self.text, self.choice, self.type)) != 1:
            raise ValueError("give one of text, choice, or type with payload")
        return self


class AnswerInput(Input):
    """What somebody writes to a phone on the telephone of the business's number."""

    account: str | None = None
    text: str = Field(min_length=1, max_length=4096)


class ClocksInput(Input):
    clocks: dict[Address, Moment] = Field(max_length=10_000)


class BehavioursInput(Input):
    contact: Address
    duplicate_statuses: int = Field(0, ge=0, le=20)
    late_sent: bool = False
    skip_delivered: bool = False
    silent: bool = False
