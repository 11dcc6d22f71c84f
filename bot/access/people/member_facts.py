"""What Discord tells about the members of a server, in words that know nothing of Discord."""

import enum
from dataclasses import dataclass
from datetime import datetime


class MembersIntent(enum.Enum):
    """Whether Discord tells who comes, goes, gains and loses roles."""

    GRANTED = "granted"
    REFUSED = "refused"  # the developer portal does not allow it
    OFF = "off"  # DISCORD_MEMBERS_INTENT says so


@dataclass(frozen=True, slots=True)
class MemberRoles:
    """The roles that a member has, all of them; `at` (UTC) is when Usher saw it."""

    guild_id: int
    member_id: int
    roles: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """The member is not in the server any more: left, kicked or banned."""

    guild_id: int
    member_id: int


@dataclass(frozen=True, slots=True)
class RoleDeleted:
    """The role is gone, and with it from every member."""

    guild_id: int
    role_id: int


MemberFact = MemberRoles | MemberLeft | RoleDeleted
