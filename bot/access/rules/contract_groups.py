"""Which facts of a message belong to one contract: those that share an id, however many steps apart."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.access.rules.contract_facts import refs
from bot.access.rules.payments import Fact


@dataclass(slots=True)
class Group:
    """Facts about one contract, and every id by which they know it."""

    refs: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)

    @property
    def contract(self) -> str | None:
        """Return the provider's own id of the contract, where one of the facts names it."""
        named = (getattr(fact, "contract", None) for fact in self.facts)
        return next((name for name in named if name), None)


def grouped(facts: Iterable[Fact]) -> list[Group]:
    """Return the facts of a message by contract, in the order in which each came; without an id, none."""
    groups: list[Group] = []
    for fact in facts:
        ids = refs(fact)
        if not ids:
            continue
        joined = Group(set(ids), [])
        for group in [each for each in groups if not each.refs.isdisjoint(ids)]:
            groups.remove(group)
            joined.refs |= group.refs
            joined.facts += group.facts
        joined.facts.append(fact)
        groups.append(joined)
    return groups
