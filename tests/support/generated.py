"""Instances of contracts, drawn by hypothesis from the models' own fields."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

M = TypeVar("M", bound=BaseModel)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    bool: st.booleans(),
    int: st.integers(-(2**31), 2**31),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Decimal: st.decimals(0, 10**6, places=2),
    AwareDatetime: st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
        datetime(2040, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    Any: st.one_of(_TEXT, st.booleans(), st.integers(-5, 5), st.lists(_TEXT, max_size=2)),
    type(None): st.none(),
}  # fmt: skip


def instances(model: type[M]) -> st.SearchStrategy[M]:
    """Valid instances; a field with a default is sometimes left out."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> M:
        values = {
            name: draw(_of(field.annotation))
            for name, field in model.model_fields.items()
            if field.is_required() or draw(st.booleans())
        }
        return model.model_validate(values)

    return draw_one()


def _of(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _LEAVES:
        return _LEAVES[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of(arguments[0])
    if origin in (Union, UnionType):
        return st.one_of([_of(one) for one in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_of(arguments[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return st.deferred(lambda: instances(kind))
    raise TypeError(f"no strategy for {kind}: add one here")
