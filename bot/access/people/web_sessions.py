"""Who is signed in to the dashboard: one-time links, and the sessions that they open."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import clock
from bot.access.people.web_session_errors import DashboardLinkOver, NoDashboardAddress
from bot.access.request import RequestContext
from bot.settings.values import is_safe
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.people import web_sessions
from bot.store.records import Actor, WebSession

PATH = "/dashboard/"
LINK_LASTS = timedelta(minutes=10)
IDLE = timedelta(hours=12)  # without a request for so long, a session is over
LASTS = timedelta(days=7)
FRESH = timedelta(minutes=15)  # so young must it be for the login and for what takes something away
_MOST = 10  # sessions of one person in one server; a further one ends the one used longest ago
_NOTED = timedelta(minutes=1)  # a use is written at most so often
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)  # as secrets.token_urlsafe() writes so many bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and what the browser keeps to be known by; only its hash is kept here."""

    session: WebSession
    secret: str = field(repr=False)


class WebSessions:
    """The door for links and sessions; `public_url` is where the pages are, where they have an address."""

    def __init__(self, database: Database, public_url: str | None) -> None:
        self._database = database
        self._base = public_url.rstrip("/") if public_url and is_safe(public_url) else None

    @property
    def base(self) -> str | None:
        """Return the address that the pages have from outside, without a slash at its end."""
        return self._base

    async def create_link(self, request: RequestContext) -> str:
        """Return the address of a one-time link for the person who asks; their earlier one ends.

        The token stands in the fragment, which browsers send to no server. Raises NoDashboardAddress.
        """
        if self._base is None:
            raise NoDashboardAddress
        token = await create_token(self._database, request.guild_id, request.member_id)
        return f"{self._base}{PATH}#{token}"

    async def knows(self, token: str) -> bool:
        """Return whether there is a link with that token: who guesses has nothing written by it."""
        if not _TOKEN.fullmatch(token):
            return False
        async with self._database.read() as connection:
            return await web_sessions.has_link(connection, _hash(token))

    async def open(self, token: str) -> Opened:
        """Use a link up and return the session that it opens. Raises DashboardLinkOver."""
        now = clock.now()
        secret = secrets.token_urlsafe(_TOKEN_BYTES)
        async with self._database.write() as connection:
            await web_sessions.drop_old(
                connection, now, made_before=now - LASTS, seen_before=now - IDLE
            )
            whose = await web_sessions.take_link(connection, _hash(token), now, now + LINK_LASTS)
            if whose is None:
                raise DashboardLinkOver
            guild_id, member_id = whose
            session = await web_sessions.add(connection, _hash(secret), guild_id, member_id, now)
            await web_sessions.drop_beyond(connection, session, _MOST)
            await events.record(
                connection, guild_id, now, "dashboard_opened", actor=Actor.member(member_id)
            )
        return Opened(session, secret)

    async def find(self, secret: str, guild_id: int) -> WebSession | None:
        """Return the living session of that server which a browser's cookie stands for."""
        if not _TOKEN.fullmatch(secret):
            return None
        now = clock.now()
        async with self._database.read() as connection:
            session = await web_sessions.by_hash(connection, _hash(secret))
        if session is None or session.guild_id != guild_id or not is_alive(session, now):
            return None
        if now - session.seen_at >= _NOTED:
            async with self._database.write() as connection:
                await web_sessions.seen(connection, session.id, now)
        return session

    async def listed(self, guild_id: int) -> list[WebSession]:
        """Return the living sessions of a server, the last used first."""
        now = clock.now()
        async with self._database.read() as connection:
            found = await web_sessions.listed(connection, guild_id)
        return [session for session in found if is_alive(session, now)]

    async def sign_out(self, session: WebSession) -> None:
        """End the session of the browser that asks for it."""
        async with self._database.write() as connection:
            await web_sessions.end(connection, session.guild_id, session_id=session.id)

    async def end(self, request: RequestContext, member_id: int | None = None) -> int:
        """End the sessions and links of one member, or of everybody; return how many sessions there were."""
        async with self._database.write() as connection:
            ended = await web_sessions.end(connection, request.guild_id, member_id=member_id)
            if ended:
                await events.record(
                    connection,
                    request.guild_id,
                    request.at,
                    "dashboard_sessions_ended",
                    actor=request.actor,
                    member_id=member_id,
                    after={"number": ended},
                )
        return ended


async def create_token(database: Database, guild_id: int, member_id: int) -> str:
    """Return the token of a new link for a member, or for the operator; the earlier one ends."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now = clock.now()
    async with database.write() as connection:
        await guilds.ensure(connection, guild_id, now)
        await web_sessions.add_link(
            connection,
            _hash(token),
            guild_id=guild_id,
            member_id=member_id,
            expires_at=now + LINK_LASTS,
        )
    return token


def is_alive(session: WebSession, now: datetime) -> bool:
    """Return whether the session counts; not one from after `now`, whose clock was set back since."""
    return session.made_at <= now < session.made_at + LASTS and now < session.seen_at + IDLE


def is_fresh(session: WebSession, now: datetime) -> bool:
    """Return whether its person has just come from Discord or from the bot's own computer."""
    return now < session.made_at + FRESH


def _hash(token: str) -> str:
    """Return what is kept of a token. Raises DashboardLinkOver for what cannot be one."""
    if not _TOKEN.fullmatch(token):
        raise DashboardLinkOver
    # The token is random and long: there is nothing for a slow hash to protect.
    return hashlib.sha256(token.encode()).hexdigest()
