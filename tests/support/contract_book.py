"""Contracts as a shop's messages build them up: stored after each message, and found by the ids of its facts."""

import json
from datetime import datetime

from bot.access.rules.contract_facts import buyer_of, merge, refs, without_people
from bot.access.rules.contract_json import (
    buyer_from_text,
    buyer_to_text,
    from_json,
    to_json,
)
from bot.access.rules.contracts import Standing, Terms, derive
from bot.access.rules.payments import Notice


class ContractBook:
    """What is stored of contracts; each message is merged on its own."""

    def __init__(self):
        self._rows = []  # (ids, facts as text, buyer as text)

    def take(self, facts):
        for fact in facts:
            if isinstance(fact, Notice):
                continue
            ids = set(refs(fact))
            ours = [row for row in self._rows if row[0] & ids]
            known = [known for row in ours for known in self._read(row)]
            merged = merge(known, [fact])
            row = (
                ids.union(*(row[0] for row in ours)),
                json.dumps(to_json(without_people(merged))),
                buyer_to_text(buyer_of(merged)),
            )
            self._rows = [*(row for row in self._rows if row not in ours), row]

    def standings(self, terms: Terms, now: datetime) -> list[Standing]:
        """What each contract comes to, in the order of their ids."""
        rows = sorted(self._rows, key=lambda row: sorted(row[0]))
        return [derive(self._read(row), terms, now) for row in rows]

    @staticmethod
    def _read(row):
        return [*from_json(json.loads(row[1])), buyer_from_text(row[2])]
