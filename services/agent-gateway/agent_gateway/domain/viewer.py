"""Who looks at the desk."""

from dataclasses import dataclass

from ventanilla.access import Role

DESK_ROLES = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
"""Finance has reports, and no business in conversations."""

FINANCE_ROLES = frozenset({Role.SUPERVISOR, Role.FINANCE, Role.ADMIN})
"""Who may see what it all costs."""

EVERYWHERE = "*"
"""Among an account's areas: every area, and every queue without one."""


@dataclass(frozen=True)
class Viewer:
    """A person at the desk, or a script with a token.

    `areas` names walls (see `domain.walls`). For supervisors and admins none means all; an agent without
    areas sees nothing.
    """

    id: str
    name: str
    role: Role
    areas: frozenset[str]
    capacity: int
    """How many conversations may be with this agent at once."""

    @property
    def unlimited(self) -> bool:
        """Whether no wall stands before this viewer."""
        if self.role is Role.ADMIN or EVERYWHERE in self.areas:
            return True
        return self.role is Role.SUPERVISOR and not self.areas

    @property
    def may_take_over(self) -> bool:
        """A supervisor's authority: over the bot's conversations and over other agents'."""
        return self.role in (Role.SUPERVISOR, Role.ADMIN)

    @property
    def works_at_the_desk(self) -> bool:
        return self.role in DESK_ROLES

    @property
    def may_read_finances(self) -> bool:
        return self.role in FINANCE_ROLES
