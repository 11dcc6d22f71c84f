"""One-time pages on which a manager gives the bot a TradingView login, past Discord."""

import hashlib
import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from bot import clock
from bot.access.logins.entry import Door, LoginEntry, Outcome
from bot.access.logins.errors import LinkOver, NoPublicPage
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.access.request import May, RequestContext
from bot.errors import UserError
from bot.settings.values import is_safe
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.logins import one_time_pages
from bot.store.logins.one_time_pages import Link
from bot.store.records import Actor
from bot.tradingview.errors import TradingViewError
from bot.tradingview.signin import SignIn

LASTS = timedelta(minutes=10)
PATH = "/login/"
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)  # as secrets.token_urlsafe() writes so many bytes


class OneTimePages:
    """Makes the pages, and the door to `entry` that each of them is.

    `may` tells whether a member (server's id, member's id) may still do this. Every press raises LinkOver when the page is unknown, used or over, and NotAllowed.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        spares: Spares,
        sign_in: SignIn,
        *,
        public_url: str | None,
        may: May,
    ) -> None:
        self._database = database
        self._base = public_url.rstrip("/") if public_url and is_safe(public_url) else None
        self._may = may
        self.entry = LoginEntry(database, sessions, spares, sign_in)

    @property
    def origin(self) -> str | None:
        """Return the only place that presses may come from; None when there are no pages."""
        if self._base is None:
            return None
        address = urlsplit(self._base)
        usual = {"http": ":80", "https": ":443"}.get(address.scheme, "")
        return f"{address.scheme}://{address.netloc.lower().removesuffix(usual)}"  # as browsers do

    async def create(self, request: RequestContext) -> str:
        """Create a page and return its address; that member's earlier one ends. Raises NoPublicPage.

        The token stands in the fragment, which browsers send to no server.
        """
        if self._base is None:
            raise NoPublicPage
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = clock.now()
        self.entry.clear()
        async with self._database.write() as connection:
            await one_time_pages.drop_old(connection, now - LASTS)
            await guilds.ensure(connection, request.guild_id, now)
            await one_time_pages.add(
                connection,
                _hash(token),
                guild_id=request.guild_id,
                member_id=request.member_id,
                expires_at=now + LASTS,
            )
            await events.record(
                connection,
                request.guild_id,
                now,
                "login_page",
                actor=Actor.member(request.member_id),
            )
        return f"{self._base}{PATH}#{token}"

    async def page_of(self, token: str) -> str | None:
        """Return what tells the open pages apart; None for what opens none."""
        try:
            return (await self._link(_hash(token))).token_hash
        except LinkOver:
            return None

    async def paste(self, token: str, sessionid: str, sign: str, *, spare: bool) -> Outcome:
        """Do as `LoginEntry.paste`."""
        return await self.entry.paste(await self._door(token), sessionid, sign, spare=spare)

    async def password(self, token: str, name: str, password: str, *, spare: bool) -> Outcome:
        """Do as `LoginEntry.password`."""
        return await self.entry.password(await self._door(token), name, password, spare=spare)

    async def code(self, token: str, code: str) -> Outcome:
        """Do as `LoginEntry.code`."""
        return await self.entry.code(await self._door(token), code)

    async def again(self, token: str, *, anyway: bool) -> Outcome:
        """Do as `LoginEntry.again`."""
        return await self.entry.again(await self._door(token), anyway=anyway)

    async def start_over(self, token: str) -> None:
        """Forget what was typed on that page. Raises LinkOver."""
        self.entry.forget((await self._door(token)).key)

    async def waits_for(self, token: str) -> UserError | TradingViewError | None:
        """Return why what was typed on that page is not done yet, as `LoginEntry` does. Raises LinkOver."""
        return self.entry.waits_for((await self._door(token)).key)

    async def _door(self, token: str) -> Door:
        """Return the door that this page is. Raises LinkOver."""
        link = await self._link(_hash(token))

        async def used() -> None:
            async with self._database.write() as connection:
                await one_time_pages.spend(connection, link.token_hash, clock.now())

        return Door(
            link.token_hash,
            link.guild_id,
            link.member_id,
            link.expires_at,
            "login_page_refused",
            may=lambda: self._may(link.guild_id, link.member_id),
            check=lambda: self._link(link.token_hash),
            used=used,
        )

    async def _link(self, token_hash: str) -> Link:
        async with self._database.read() as connection:
            link = await one_time_pages.by_hash(connection, token_hash)
        # One that ends too far ahead is of a clock that was set back since: it may be over.
        now = clock.now()
        if link is None or link.spent_at is not None or not now < link.expires_at <= now + LASTS:
            self.entry.forget(token_hash)
            raise LinkOver
        return link


def _hash(token: str) -> str:
    """Return what is kept of a token. Raises LinkOver for what cannot be one."""
    if not _TOKEN.fullmatch(token):
        raise LinkOver
    # The token is random and long: there is nothing for a slow hash to protect.
    return hashlib.sha256(token.encode()).hexdigest()
