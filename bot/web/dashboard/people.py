"""What the pages about people share: whom an address and a typed text mean, and what a form holds."""

import discord
from aiohttp import web

from bot.access.errors import ButtonGone, DiscordSilent, MemberNotFound
from bot.access.people.import_records import Wanted
from bot.access.people.username_lookup import clean
from bot.access.request import Subject
from bot.interactions.typed import member_meant
from bot.notifications.trouble import TROUBLE
from bot.store.records import Customer
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.visitor import Visitor

PERSON = "people/{customer_id:[0-9]+}"
MAX_NOTE = 200  # as long as Discord lets the commands' notes be


async def customer_in(visitor: Visitor, request: web.Request) -> Customer:
    """Return the customer in the address. Raises ButtonGone where this server has none such."""
    number = number_in(request.match_info["customer_id"])
    person = await visitor.services.directory.by_id(visitor.guild_id, number)
    if person is None:
        raise ButtonGone
    return person


def page_of(person: Customer) -> str:
    """Return the path of a customer's page."""
    return f"people/{person.id}"


def subject_of(person: Customer) -> Subject:
    """Return how a customer is meant to whoever orders something for them: by name, where there is one."""
    if person.username is None:
        return Subject(person.member_id)
    return Subject(username=person.username)


def whole_subject_of(person: Customer) -> Subject:
    """Return how a record is meant: by member and by name, as far as it has each."""
    return Subject(person.member_id, person.username)


def named_subject(person: Customer, form: Form) -> Subject:
    """Return the customer with the name that was typed, where none is known. Raises NameUnreadable."""
    if person.username is not None:
        return Subject(username=person.username)
    typed = form.text("username")
    return Subject(person.member_id, clean(typed) if typed else None)


def note_in(form: Form, name: str = "note") -> str | None:
    """Return a remark. Raises ButtonGone for a longer one than the page lets be typed."""
    text = " ".join(form.text(name).split())
    if len(text) > MAX_NOTE:
        raise ButtonGone
    return text or None


async def member_in(visitor: Visitor, typed: str) -> int:
    """Return the member whose id, mention or name was typed; by id also one who left.

    Raises MemberNotFound, or MembersSilent, MembersUnseen or DiscordSilent where Discord does not tell.
    """
    number = member_meant(typed)
    if number is not None:
        if not await _is_somebody(visitor, number):
            raise MemberNotFound(typed)
        return number
    name = typed.strip().removeprefix("@").casefold()
    if not name:
        raise MemberNotFound(typed)
    members = visitor.services.client.members
    people = await members.people(visitor.guild_id, Wanted(frozenset(), (name,)), lambda _: None)
    named = {each.id for each in people.found if name in map(str.casefold, each.names)}
    if len(named) != 1:
        raise MemberNotFound(typed, several=len(named) > 1)
    return named.pop()


async def _is_somebody(visitor: Visitor, number: int) -> bool:
    """Return whether Discord knows that person, here or elsewhere."""
    client = visitor.services.client
    if await client.members.find(visitor.guild_id, number) is not None:
        return True
    try:
        await client.fetch_user(number)
    except discord.NotFound:
        return False
    except TROUBLE as error:
        raise DiscordSilent from error
    return True
