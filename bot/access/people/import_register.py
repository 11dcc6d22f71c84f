"""Whether a TradingView name may be tied to a member; pure, no I/O."""

from collections.abc import Iterable

from bot.access.people.import_records import Outcome, Pair
from bot.store.records import Claim, Customer


class Register:
    """The people that Usher knows in a server, and the requests that wait for staff."""

    def __init__(self, people: Iterable[Customer], claims: Iterable[Claim]) -> None:
        self.named: dict[str, Customer] = {}
        self.members: dict[int, Customer] = {}
        for customer in people:
            if customer.name_folded is not None:
                self.named[customer.name_folded] = customer
            if customer.member_id is not None:
                self.members[customer.member_id] = customer
        self._claims = {(claim.member_id, claim.username.casefold()) for claim in claims}
        self._claimers = {member_id for member_id, _ in self._claims}
        self._claimed = {name for _, name in self._claims}

    def is_still(self, pair: Pair) -> bool:
        """Return whether the name belongs to the same person as when the pair was shown."""
        holder = self.named.get(pair.username.casefold())
        return holder is not None and holder.id == pair.customer_id

    def untied(self) -> tuple[str, ...]:
        """Return the TradingView names that belong to no member yet."""
        return tuple(
            customer.username
            for customer in self.named.values()
            if customer.member_id is None and customer.username is not None
        )

    def judge(self, member_id: int, name: str) -> Outcome:
        """Return whether that name may be tied to that member."""
        holder = self.named.get(name.casefold())
        if holder is None:
            return Outcome.NAME_UNKNOWN
        if holder.member_id == member_id:
            return Outcome.TIED_ALREADY
        if holder.member_id is not None:
            return Outcome.NAME_TAKEN
        mine = self.members.get(member_id)
        if mine is not None and mine.username is not None:
            return Outcome.OTHER_NAME
        request = (member_id, name.casefold())
        if request not in self._claims and (
            request[0] in self._claimers or request[1] in self._claimed
        ):
            return Outcome.CLAIMED
        return Outcome.FITS
