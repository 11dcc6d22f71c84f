"""One script of a request of the HTTP API: what was there, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bot.access.rules.entitlements import NOTHING, State
from bot.store.kinds import StateKind
from bot.store.records import Script


class Failure(StrEnum):
    """Why a part of a request was not even ordered."""

    NO_SUCH_SCRIPT = "no_such_script"
    NO_SUCH_USER = "no_such_user"
    BARRED = "barred"  # blocked, or being forgotten
    SEATS = "seats"  # a manager must agree first
    GIFT = "gift"  # no automation ends one
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Part:
    """One script of a request."""

    pine_id: str
    had: State  # before the request
    order_id: int | None = None
    lead_id: int | None = None  # the order that leads it
    failure: Failure | None = None
    lifetime: bool = False  # there is no end to it after the request

    def kept(self) -> dict[str, Any]:
        """Return it as the database keeps it."""
        return {
            "pine_id": self.pine_id,
            "had": self.had.kind,
            "had_ends_at": None if self.had.ends_at is None else self.had.ends_at.isoformat(),
            "order_id": self.order_id,
            "lead_id": self.lead_id,
            "failure": self.failure,
            "lifetime": self.lifetime,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return the part that `kept` made this of."""
        end, failure = kept["had_ends_at"], kept["failure"]
        return cls(
            kept["pine_id"],
            State(StateKind(kept["had"]), None if end is None else datetime.fromisoformat(end)),
            kept["order_id"],
            kept["lead_id"],
            None if failure is None else Failure(failure),
            kept["lifetime"],
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item as it was asked for; without scripts there is none of that name."""

    slug: str
    scripts: tuple[Script, ...]
    failure: Failure | None = None

    def parts(
        self,
        had: Mapping[int, State],
        order_ids: Mapping[int, tuple[int, int]] | None = None,
        failure: Failure | None = None,
        endless: Collection[int] = (),
    ) -> list[Part]:
        """Return its parts; `order_ids` are, by script, the order and the one that leads it.

        `endless` are the scripts that have no end after the request.
        """
        if not self.scripts:
            return [Part(self.slug, NOTHING, failure=self.failure)]
        parts = []
        for script in self.scripts:
            order_id, lead_id = (order_ids or {}).get(script.id, (None, None))
            parts.append(
                Part(
                    script.pine_id,
                    had.get(script.id, NOTHING),
                    order_id,
                    lead_id,
                    failure,
                    lifetime=script.id in endless,
                )
            )
        return parts
