"""How far the first run is: whose token was given, and the server that the bot came into."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from bot import clock, logs
from bot.access.people.bot_token import BotTokens
from bot.interactions.portal import (
    PASSING,
    Application,
    Fault,
    Portal,
    Server,
    TokenFault,
    token_in,
)
from bot.web.first_run.links import Links

_LOOK_EVERY, _LATER = (
    3.0,
    30.0,
)  # seconds between looks for the server; later: nobody hurries any more
_HURRY = 200  # looks
_LIKE_A_TOKEN = 20  # characters
_LONGEST = 3600.0  # seconds between looks, however long Discord wants to hear nothing


class Step(StrEnum):
    """What the page asks for, or waits for."""

    TOKEN = "token"  # noqa: S105 - the step's name
    INVITE = "invite"
    START = "start"
    READY = "ready"


class FirstRun:
    """One first run, from the link in the terminal until the bot is connected.

    `guild_id` is the one server that the settings name; without it any will do. A token that was `kept`
    before is gone on with, unless Discord refused it (`refused`).
    """

    def __init__(
        self,
        portal: Portal,
        tokens: BotTokens,
        links: Links,
        *,
        guild_id: int | None = None,
        kept: str | None = None,
        refused: bool = False,
    ) -> None:
        self._portal = portal
        self._tokens = tokens
        self.links = links
        self.guild_id = guild_id
        self._token = None if refused else kept
        self._changed = asyncio.Event()
        self.application: Application | None = None
        self.server: Server | None = None
        # What is wrong with the token that counts here, or with Discord; None while all is well.
        self.fault: Fault | None = Fault.REFUSED if refused else None
        self.is_connected: Callable[[], bool] = lambda: False

    @property
    def step(self) -> Step:
        """Return what comes next."""
        if self.server is not None:
            return Step.READY if self.is_connected() else Step.START
        return Step.TOKEN if self._token is None else Step.INVITE

    async def give(self, text: str) -> None:
        """Take a token: it is kept once Discord knows it; not once the server is there.

        Raises TokenFault, with nothing changed.
        """
        token = token_in(text)
        if len(token) >= _LIKE_A_TOKEN:  # a word typed by mistake must not be hidden in the log
            logs.keep_out(token)
        application = await self._portal.application(token)
        if self.server is not None:  # the one from before found it meanwhile, and is logged in with
            return
        await self._tokens.keep(token)
        self._token, self.application, self.fault = token, application, None
        self._changed.set()

    async def look_again(self) -> None:
        """Ask anew which switches are on. Raises TokenFault."""
        if self._token is not None:
            self.application = await self._portal.application(self._token)

    async def done(self) -> str:
        """Wait until the bot is in a server; return the token that works there."""
        looks = 0
        while True:
            self._changed.clear()
            token = self._token
            if token is None:
                await self._changed.wait()
                looks = 0
                continue
            pause = await self._look(token)
            if self.server is not None:
                return token
            looks += 1
            usual = _LOOK_EVERY if looks < _HURRY else _LATER
            await clock.set_within(max(pause, usual), self._changed)

    async def _look(self, token: str) -> float:
        """Look whether the server is there; return for how long Discord wants no further question."""
        try:
            application = self.application or await self._portal.application(token)
            server = await self._portal.server(token, self.guild_id)
        except TokenFault as error:
            if token == self._token:  # else another one was given meanwhile
                self.fault = error.fault
                if error.fault not in PASSING:
                    self._token = self.application = None
            return min(error.wait, _LONGEST)
        if token == self._token:
            self.application, self.server, self.fault = application, server, None
        return 0.0
