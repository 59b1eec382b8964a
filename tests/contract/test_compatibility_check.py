"""The check itself: it fails on every change that breaks a reader, and on no other."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from ventanilla.contract_docs.compatibility import UncheckedKeywordError, problems
from ventanilla.contract_docs.schemas import schema
from ventanilla.contracts.event import Timestamp
from ventanilla.topics import ALL


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


class SquareOfText(BaseModel):
    kind: Literal["square"] = "square"
    side: str


class Triangle(BaseModel):
    kind: Literal["triangle"] = "triangle"


class Inner(BaseModel):
    a: int


class InnerWithMore(BaseModel):
    a: int
    b: str = ""


class InnerWithLess(BaseModel):
    b: str = ""


class Tree(BaseModel):
    name: str
    children: "list[Tree]" = []


Shape = Annotated[Circle | Square, Field(discriminator="kind")]
MoreShapes = Annotated[Circle | Square | Triangle, Field(discriminator="kind")]
ChangedShapes = Annotated[Circle | SquareOfText, Field(discriminator="kind")]
OneShape = Annotated[Circle | Triangle, Field(discriminator="kind")]


def made(**fields: Any) -> dict[str, Any]:
    """The schema of an event with these fields: a type alone is required, a pair has a default."""
    given: dict[str, Any] = {
        name: field if isinstance(field, tuple) else (field, ...) for name, field in fields.items()
    }
    model: type[BaseModel] = create_model("Made", id=(str, ...), **given)
    return model.model_json_schema(mode="serialization")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (made(), made(new=(int, 3))),
        (made(), made(new=(int | None, None))),
        (made(inner=Inner), made(inner=InnerWithMore)),
        (made(inner=(Inner | None, None)), made(inner=(InnerWithMore | None, None))),
        (made(several=list[Inner]), made(several=list[InnerWithMore])),
        (made(by_name=dict[str, Inner]), made(by_name=dict[str, InnerWithMore])),
        (made(shape=Shape), made(shape=Shape)),
        (made(tree=Tree), made(tree=Tree)),
        (made(anything=dict[str, Any]), made(anything=dict[str, Any])),
        (made(n=(int, 1)), made(n=(int, 2))),
    ],
    ids=[
        "a new field with a default", "a new field that may be null", "a new field inside",
        "a new field inside what may be null", "a new field inside a list", "a new field inside a map",
        "the same union", "a type that contains itself", "any object", "another default",
    ],
)  # fmt: skip
def test_what_only_grows_breaks_nobody(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert problems(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (made(a=int), made(), "a: a reader of the published version expects it always, and it may be absent"),
        (made(a=(int, 0)), made(), "a: a reader of the published version knows it, and it is no longer wri"),
        (made(a=int), made(b=int), "a: a reader of the published version expects it always"),
        (made(a=int), made(a=(int, 0)), "a: a reader of the published version expects it always"),
        (made(), made(a=int), "a: today's reader of what was written under the published version expects it"),
        (made(a=(int, 0)), made(a=int), "a: today's reader of what was written under the published version"),
        (
            made(a=int),
            made(a=str),
            "a: a reader of the published version expects the type integer, and it is",
        ),
        (made(a=int), made(a=float), "expects the type integer, and it is number"),
        (made(a=float), made(a=int), "a: today's reader of what was written under the published version exp"),
        (made(a=int), made(a=int | None), "a: a reader of the published version expects the type integer"),
        (
            made(a=int | None),
            made(a=int),
            "a: today's reader of what was written under the published version",
        ),
        (made(a=int), made(a=list[int]), "expects the type integer, and it is array"),
        (made(a=list[int]), made(a=list[str]), "a[]: a reader of the published version expects the type int"),
        (made(a=dict[str, int]), made(a=dict[str, str]), "a.*: a reader of the published version expects"),
        (made(a=dict[str, int]), made(a=dict[str, Any]), "and it is anything"),
        (made(a=Timestamp), made(a=str), "expects the format date-time, and it is free"),
        (made(a=Colour), made(a=str), "expects one of red, blue, and it may be anything"),
        (made(a=MoreColours), made(a=Colour), "a: today's reader of what was written under the published ve"),
        (made(a=Inner), made(a=InnerWithLess), "a.a: a reader of the published version expects it always"),
        (made(a=(Inner | None, None)), made(a=(InnerWithLess | None, None)), "a.a: a reader of the publis"),
        (made(s=Shape), made(s=ChangedShapes), "s.side: a reader of the published version expects the type"),
        (made(s=Shape), made(s=OneShape), "s: today's reader of what was written under the published versio"),
        (made(a=Annotated[str, Field(max_length=9)]), made(a=Annotated[str, Field(max_length=10)]), "expect"),
        (made(a=Annotated[int, Field(ge=1)]), made(a=Annotated[int, Field(ge=0)]), "the minimum 1, and it i"),
        (
            made(a=Annotated[str, Field(pattern="^a$")]),
            made(a=str),
            "expects the pattern ^a$, and it is free",
        ),
    ],
)
def test_what_breaks_a_reader_is_found(before: dict[str, Any], after: dict[str, Any], says: str) -> None:
    found = problems(before, after)
    assert any(says in str(problem) and not problem.new_word for problem in found), list(map(str, found))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (made(a=Colour), made(a=MoreColours), "a: a reader of the published version knows no green"),
        (made(a=(Colour | None, None)), made(a=(MoreColours | None, None)), "knows no green"),
        (made(a=Literal["x"]), made(a=Literal["x", "y"]), "knows no y"),
        (made(s=Shape), made(s=MoreShapes), "s: a reader of the published version knows no kind triangle"),
        (made(s=list[Shape]), made(s=list[MoreShapes]), "s[]: a reader of the published version knows no ki"),
    ],
)
def test_a_new_word_is_found_and_marked_as_one_that_can_be_published_first(
    before: dict[str, Any], after: dict[str, Any], says: str
) -> None:
    found = problems(before, after)
    assert [problem.new_word for problem in found] == [True]
    assert says in str(found[0])


def test_a_keyword_that_the_check_does_not_know_is_no_silent_pass() -> None:
    odd = {"type": "object", "properties": {"a": {"type": "string", "contentEncoding": "base64"}}}
    with pytest.raises(UncheckedKeywordError, match="a: contentEncoding"):
        problems(odd, odd)


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_real_contract_is_compatible_with_itself(topic: Any) -> None:
    assert problems(schema(topic), schema(topic)) == []


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_dropping_any_field_of_any_real_contract_is_found(topic: Any) -> None:
    whole = schema(topic)
    for name in whole["properties"]:
        properties = {other: field for other, field in whole["properties"].items() if other != name}
        required = [other for other in whole["required"] if other != name]
        found = problems(whole, {**whole, "properties": properties, "required": required})
        assert [problem.path for problem in found] == [name]
