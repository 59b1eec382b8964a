"""The bot's HTTP API: what it knows, and how it reads a sentence."""

import datetime
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.knowledge import Knowledge
from bot.understanding import Understander
from ventanilla.access import Principal, Role, require


class Sentence(BaseModel):
    text: str = Field(
        max_length=4096, description="What a citizen might write. It is neither kept nor logged."
    )


class ReadingView(BaseModel):
    area: str | None = Field(description="An area of the institution, or null when the sentence names none.")
    category: str = Field(description="A category of the institution, or `saludo`, or `fuera`.")
    confidence: float = Field(ge=0, le=1)


class FactView(BaseModel):
    id: str
    area: str | None = Field(description="Null for what holds in every area.")
    category: str
    title: str
    answer: str
    source: str
    date: datetime.date = Field(description="The day on which the source was looked up.")
    confirmed: bool = Field(description="False: orientation that the institution has yet to confirm.")


class KnowledgeView(BaseModel):
    items: list[FactView]


def routes(token_key: str, understander: Understander, knowledge: Knowledge) -> APIRouter:
    """For supervisors and admins, by bearer token."""
    allowed = require(token_key, Role.SUPERVISOR, Role.ADMIN)
    router = APIRouter(prefix="/v1", tags=["bot"])
    shown = KnowledgeView(items=_views(knowledge))

    @router.post("/understand")
    def understand(sentence: Sentence, _: Annotated[Principal, Depends(allowed)]) -> ReadingView:
        """Read one sentence as the bot would."""
        reading = understander.understand(sentence.text)
        return ReadingView(area=reading.area, category=reading.category, confidence=reading.confidence)

    @router.get("/knowledge")
    def facts(_: Annotated[Principal, Depends(allowed)]) -> KnowledgeView:
        """Every fact that the bot can say, with its source and date."""
        return shown

    return router


def _views(knowledge: Knowledge) -> Sequence[FactView]:
    return [FactView.model_validate(fact.model_dump()) for fact in knowledge.facts]
