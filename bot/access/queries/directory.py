"""One customer in one view, and customers found by what staff remember of them."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.people.identity import name_of
from bot.access.people.who import known
from bot.access.queries.person import PersonRecord, person_of
from bot.access.queries.standing import Checked
from bot.access.request import Subject
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, events, permissions, purchases
from bot.store.people import access, claims, customers, directory
from bot.store.records import Claim, Customer, Event, Product, Purchase, Script
from bot.store.sweeps import sightings

PAGE = 10
LAST = 5  # entries of the history


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that Usher knows of a person; `customer` is None where there is no record."""

    guild_id: int
    member_id: int | None
    username: str | None
    customer: Customer | None
    checked: tuple[Checked, ...]  # what they have or had
    claims: tuple[Claim, ...]  # names that they claim, and claims to theirs
    events: tuple[Event, ...]  # newest first
    purchases: tuple[Purchase, ...]  # what they got, oldest first
    scripts: dict[int, Script]
    products: dict[int, Product]

    def item(self, about: Event | Purchase) -> Script | Product | None:
        """Return what an entry or a purchase is about, as far as it is about one item."""
        sold = self.products.get(about.product_id or 0)
        return sold or self.scripts.get(about.script_id or 0)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the customers that fit to a text; `access`: how many accesses each has now."""

    text: str
    people: tuple[tuple[Customer, int], ...]
    page: int  # from 0
    pages: int
    total: int


def plain(text: str) -> str:
    """Return what is searched for; of a mention the id."""
    words = " ".join(text.split())
    return words[2:-1].lstrip("!") if words.startswith("<@") and words.endswith(">") else words


class Directory:
    """Reads; changes nothing, and asks nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def show(self, guild_id: int, subject: Subject) -> Profile:
        """Return what is known of a person, also of one without any record.

        Raises NobodyNamed, NameUnreadable, MemberHasOtherName or NameTaken.
        """
        async with self._database.read() as connection:
            person = await known(connection, guild_id, subject)
            member_id, username = subject.member_id, subject.username or None
            if person is not None:
                member_id, username = person.member_id, person.username
            elif username is not None:
                username = await name_of(connection, guild_id, subject)
            listed = {
                script.id: script
                for script in await scripts.listed(connection, guild_id, archived=True)
            }
            sold = await products.listed(connection, guild_id, archived=True)
            bought = await purchases.of_customers(connection, [] if person is None else [person.id])
            return Profile(
                guild_id,
                member_id,
                username,
                person,
                await _checked(connection, guild_id, username, listed),
                await _claims(connection, guild_id, member_id, username),
                tuple(await events.of_customer(connection, guild_id, person.id, limit=LAST))
                if person is not None
                else (),
                tuple(bought[person.id]) if person is not None else (),
                listed,
                {each.id: each for each in sold},
            )

    async def by_id(self, guild_id: int, customer_id: int) -> Customer | None:
        """Return that customer, where they are of this server and not forgotten."""
        async with self._database.read() as connection:
            person = await customers.by_id(connection, customer_id)
        is_here = person is not None and person.guild_id == guild_id and person.forgotten is None
        return person if is_here else None

    async def find(self, guild_id: int, subject: Subject) -> Customer | None:
        """Return the customer meant; None without one. Raises as `bot.access.people.who.known` does."""
        async with self._database.read() as connection:
            return await known(connection, guild_id, subject)

    async def person(self, guild_id: int, customer_id: int) -> PersonRecord | None:
        """Return all that is stored of that customer, where they are of this server and not forgotten."""
        async with self._database.read() as connection:
            return await person_of(connection, guild_id, customer_id, clock.now())

    async def search(self, guild_id: int, text: str, page: int = 0) -> Found:
        """Return the customers of a server that fit, `PAGE` at a time; a page beyond the last is the last."""
        now = clock.now()
        async with self._database.read() as connection:
            total = await directory.count(connection, guild_id, text)
            pages = max(1, -(-total // PAGE))
            page = min(max(page, 0), pages - 1)
            people = await directory.search(
                connection, guild_id, text, skip=page * PAGE, limit=PAGE
            )
            numbers = await access.numbers(connection, [each.id for each in people], now)
        return Found(
            text, tuple((each, numbers.get(each.id, 0)) for each in people), page, pages, total
        )


async def _checked(
    connection: AsyncConnection, guild_id: int, username: str | None, listed: dict[int, Script]
) -> tuple[Checked, ...]:
    """Return what the name has or had, as Usher knows it."""
    if username is None:
        return ()
    held = {
        each.script_id: each for each in await permissions.of_name(connection, guild_id, username)
    }
    seen = {row.script_id: row for row in await sightings.of_name(connection, guild_id, username)}
    reasons = await entitlements.active_of(connection, [each.id for each in held.values()])
    return tuple(
        Checked(
            script,
            held.get(script.id),
            None,
            tuple(reasons[held[script.id].id]) if script.id in held else (),
            seen.get(script.id),
        )
        for script in listed.values()
        if script.id in held or script.id in seen
    )


async def _claims(
    connection: AsyncConnection, guild_id: int, member_id: int | None, username: str | None
) -> tuple[Claim, ...]:
    folded = None if username is None else username.casefold()
    return tuple(
        claim
        for claim in await claims.waiting(connection, guild_id)
        if claim.member_id == member_id or claim.username.casefold() == folded
    )
