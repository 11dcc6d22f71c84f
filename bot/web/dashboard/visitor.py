"""Who looks at the dashboard: a person of one server, with the level they have at this moment."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import discord
from aiohttp import web

from bot import clock
from bot.access.errors import NotAllowed
from bot.access.people.operators import sees_whole
from bot.access.people.web_session_errors import NotSignedIn, SessionNotFresh
from bot.access.people.web_sessions import is_fresh
from bot.access.request import Consent, RequestContext
from bot.interactions.levels import Level, level_in
from bot.replies import Message, interrupted
from bot.services import Services
from bot.settings import Settings
from bot.store.records import OPERATOR_ID, Actor, WebSession
from bot.web.dashboard import browser
from bot.web.dashboard.places import PLACES, STATIC, home, place_of
from bot.web.pages import HEADERS, names
from bot.web.pages.rendering import render

SERVICES = web.AppKey("dashboard_services", Services)
SETTINGS = web.AppKey("dashboard_settings", Settings)
NOTES = web.AppKey("dashboard_notes", dict[int, list[Message]])
_MAX_NOTED = 200  # sessions with a note
BUTTONS = web.AppKey(
    "dashboard_buttons", dict[str, str]
)  # by a button's name, the form that does it


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a reply as it stands on a page: it sends a form there, or leads to an address."""

    label: str
    address: str
    is_link: bool
    is_danger: bool


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person; handlers of pages and forms are given one."""

    services: Services
    session: WebSession
    level: Level
    name: str
    secret: str = field(repr=False)  # of the session, as the browser keeps it
    notes: dict[int, list[Message]] = field(repr=False)
    buttons: dict[str, str] = field(repr=False)
    place: str  # the path of the place in the menu that the browser's address belongs to

    @property
    def guild_id(self) -> int:
        """Return the server; every look-up of a page is held to it."""
        return self.session.guild_id

    @property
    def guild(self) -> discord.Guild | None:
        """Return the server as Discord shows it; None while it is not known."""
        return self.services.client.get_guild(self.guild_id)

    @property
    def is_fresh(self) -> bool:
        """Return whether the session is young enough for the login and for removals."""
        return is_fresh(self.session, clock.now())

    @property
    def form_token(self) -> str:
        """Return what each form of this session carries; no other session can know it."""
        return hmac.new(self.secret.encode(), b"form", "sha256").hexdigest()

    def may(self, level: Level) -> bool:
        """Return whether the visitor has that level."""
        return self.level >= level

    def require(self, level: Level) -> None:
        """Raise NotAllowed unless the visitor has that level."""
        if not self.may(level):
            raise NotAllowed(level.name.lower())

    def require_fresh(self) -> None:
        """Raise SessionNotFresh for a session that is too old for what takes something away."""
        if not self.is_fresh:
            raise SessionNotFresh

    async def sees_whole(self) -> bool:
        """Return whether the visitor may see what belongs to the program, and not to one server."""
        return await sees_whole(self.services.database, self.guild_id, self.session.member_id)

    @property
    def actor(self) -> Actor:
        """Return who is signed in, as orders and the history name them."""
        return Actor.member(self.session.member_id)

    def request(self, key: str, consent: Consent = Consent()) -> RequestContext:  # noqa: B008 - frozen
        """Return who asks, and when; a form that is sent twice has the same key."""
        return RequestContext(self.guild_id, self.actor, key, clock.now(), consent=consent)

    def address(self, path: str = "") -> str:
        """Return where a page of this server is, such as that of `people/12`."""
        return f"{home(self.guild_id)}{path}"

    def note(self, message: Message) -> None:
        """Show this above the next page that the browser opens; it is not kept beyond the program's end."""
        self.notes[self.session.id] = [*self.notes.pop(self.session.id, [])[-2:], message]
        while len(self.notes) > _MAX_NOTED:  # of browsers that opened no page any more
            del self.notes[next(iter(self.notes))]

    def actions(self, message: Message) -> list[Action]:
        """Return those buttons of a reply that a page can do too; others belong to Discord alone."""
        found = []
        for button in message.buttons:
            is_danger = button.style is discord.ButtonStyle.danger
            if button.url is not None:
                found.append(Action(button.label, button.url, is_link=True, is_danger=False))
                continue
            _, name, _, *parts = (button.key or "::").split(":")
            if not button.disabled and name in self.buttons:
                address = self.address(self.buttons[name].format(*parts))
                found.append(Action(button.label, address, is_link=False, is_danger=is_danger))
        return found

    async def page(self, template: str, /, *, status: int = 200, **context: Any) -> web.Response:
        """Return a page of the dashboard; its address says its place in the menu."""
        text = await render(
            template,
            static_at=STATIC,
            visitor=self,
            here=self.place,
            places=[place for place in PLACES if self.may(place.level)],
            server=self.guild.name if self.guild else f"server {self.guild_id}",
            notes=[*await self._interrupted(), *self.notes.pop(self.session.id, [])],
            once=lambda: secrets.token_hex(16),
            **context,
        )
        text = await named(self.services, self.guild_id, text)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)

    async def _interrupted(self) -> list[Message]:
        """Return what became of forms that had no answer when the program ended, as by a crash."""
        services, told = self.services, []
        for form in await services.unanswered.forms_left_over(
            self.guild_id, self.session.member_id
        ):
            entries = await services.history.of_interaction(form.interaction_id)
            told.append(interrupted.after_restart(form, entries))
        return told


async def named(services: Services, guild_id: int, text: str) -> str:
    """Return a finished page with the names of that server's members, roles and channels in place."""
    wanted = names.members_in(text)
    known = await services.member_names.of(guild_id, wanted) if wanted else {}
    guild = services.client.get_guild(guild_id)

    def role(number: int) -> str | None:
        found = None if guild is None else guild.get_role(number)
        return None if found is None else found.name

    def channel(number: int) -> str | None:
        found = None if guild is None else guild.get_channel(number)
        return None if found is None else found.name

    return names.put_in(text, known, role, channel, home(guild_id))


async def visitor_of(request: web.Request, level: Level, *, fresh: bool = False) -> Visitor:
    """Return the person who asks, whose level is asked for anew.

    Raises NotSignedIn, NotAllowed, SessionNotFresh, or DiscordSilent while Discord does not tell.
    """
    services = request.app[SERVICES]
    guild_id = guild_of(request.match_info)
    for secret in browser.secrets_of(request, guild_id):
        session = await services.web_sessions.find(secret, guild_id)
        if session is not None:
            break
    else:
        raise NotSignedIn
    held, name = await _level_and_name(services, session)
    place = place_of(request.path.removeprefix(home(guild_id)))
    visitor = Visitor(
        services, session, held, name, secret, request.app[NOTES], request.app[BUTTONS], place
    )
    visitor.require(level)
    if fresh:
        visitor.require_fresh()
    return visitor


def guild_of(matched: Mapping[str, str]) -> int:
    """Return the server in an address. Raises NotSignedIn for what cannot be one."""
    number = int(matched["guild_id"])  # the address takes digits only
    if number >= 2**63:
        raise NotSignedIn
    return number


async def _level_and_name(services: Services, session: WebSession) -> tuple[Level, str]:
    """Return the level and the name that the person has in the server now; nothing once they left."""
    if session.member_id == OPERATOR_ID:
        return Level.MANAGER, "the operator"
    member = await services.client.members.find(session.guild_id, session.member_id)
    if member is None:
        return Level.ANYONE, "nobody"
    services.member_names.note(session.guild_id, member.id, member.display_name)
    return level_in(member, services.guild_settings), member.display_name
