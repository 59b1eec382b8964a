"""Areas are walls: for every viewer and every conversation, seen if and only if the wall is his."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_gateway.domain.capacity import has_room
from agent_gateway.domain.permissions import Action, permitted
from agent_gateway.domain.viewer import Viewer
from agent_gateway.domain.walls import place, places, queues, sees, walls
from support.messages import NOON
from ventanilla.access import Role
from ventanilla.contracts.channel import Channel
from ventanilla.contracts.conversation import Conversation, ConversationState
from ventanilla.institution import load_institution

INSTITUTION = load_institution(Path("deploy/config/cnr.yaml"))

some_walls = st.frozensets(st.sampled_from([*walls(INSTITUTION), "unknown"]))
some_queue = st.sampled_from([None, *INSTITUTION.queues, "a queue of yesterday"])
some_area = st.sampled_from([None, *INSTITUTION.areas, "an area of yesterday"])


def viewer(role: Role, areas: frozenset[str], who: str = "ana") -> Viewer:
    return Viewer(who, who, role, areas, 6)


@given(some_walls, some_queue, some_area)
def test_an_agent_sees_a_conversation_exactly_when_its_wall_is_one_of_his(
    mine: frozenset[str], queue: str | None, area: str | None
) -> None:
    if queue is not None:
        known = INSTITUTION.queues.get(queue)
        wall = None if known is None else known.area or queue
    else:
        wall = INSTITUTION.default_queue if area is None else area if area in INSTITUTION.areas else None
    assert sees(viewer(Role.AGENT, mine), INSTITUTION, place(queue, area)) == (wall in mine)


@given(st.sampled_from(Role), some_walls, some_queue, some_area)
def test_a_list_and_a_single_look_tell_the_same(
    role: Role, mine: frozenset[str], queue: str | None, area: str | None
) -> None:
    who = viewer(role, mine)
    listed = places(who, INSTITUTION)
    where = place(queue, area)
    assert sees(who, INSTITUTION, where) == (listed is None or where in listed)


@given(some_walls)
def test_only_supervisors_and_admins_without_areas_see_everything(mine: frozenset[str]) -> None:
    assert places(viewer(Role.ADMIN, mine), INSTITUTION) is None
    assert (places(viewer(Role.SUPERVISOR, mine), INSTITUTION) is None) == (not mine)
    assert places(viewer(Role.AGENT, mine), INSTITUTION) is not None
    assert places(viewer(Role.AGENT, mine | {"*"}), INSTITUTION) is None
    assert queues(viewer(Role.AGENT, frozenset()), INSTITUTION) == []


@given(some_walls, some_walls)
def test_who_has_more_walls_never_sees_less(mine: frozenset[str], more: frozenset[str]) -> None:
    few = set(places(viewer(Role.AGENT, mine), INSTITUTION) or ())
    many = set(places(viewer(Role.AGENT, mine | more), INSTITUTION) or ())
    assert few <= many


def conversation(state: ConversationState, agent: str | None) -> Conversation:
    return Conversation(
        id="c", contact_id="a" * 32, channel=Channel.WHATSAPP, account="1", state=state, revision=3,
        opened_at=NOON, state_since=NOON, last_inbound_at=NOON + timedelta(minutes=1), agent_id=agent,
    )  # fmt: skip


SITUATIONS = [
    (ConversationState.NEW, None),
    (ConversationState.WITH_BOT, None),
    (ConversationState.WAITING, None),
    (ConversationState.WITH_AGENT, "ana"),
    (ConversationState.WITH_AGENT, "luis"),
    (ConversationState.CLOSED, None),
]


@pytest.mark.parametrize(("state", "agent"), SITUATIONS)
def test_only_who_has_a_conversation_may_answer_and_only_supervisors_interfere(
    state: ConversationState, agent: str | None
) -> None:
    for role in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN):
        offered = permitted(viewer(role, frozenset()), conversation(state, agent))
        assert (Action.REPLY in offered) == (agent == "ana")
        if state is ConversationState.CLOSED:
            assert offered == []
        if role is Role.AGENT and agent != "ana":
            assert offered == ([Action.TAKE] if state is ConversationState.WAITING else [])


@given(st.integers(0, 20), st.integers(0, 30), st.integers(0, 30))
def test_no_room_is_ever_found_beyond_the_capacity(capacity: int, with_me: int, taking: int) -> None:
    assert has_room(capacity, with_me, taking) == (with_me + taking + 1 <= capacity)
