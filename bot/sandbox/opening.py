"""The first minute of a shop: the bot starts, and its owner sets it up with the bot's own slash commands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.child import Child
from bot.sandbox.discord import NotAnsweredError, RefusedError
from bot.sandbox.first_run import FirstRun
from bot.sandbox.shop import Shop

Json = dict[str, Any]
State = Literal["waiting", "working", "done", "failed"]

_LOOK_EVERY = 0.05
_ANSWER_TIMEOUT = 60.0
_LOGIN_TIMEOUT = 20.0  # seconds from the first question about a login until commands may use it
_CARRIED_OUT = ("✅", "⏳")
_LIFETIME = (("trend", "Dana_Dao"), ("scalper", "Dana_Dao"), ("volume", "atlas_fx"))


@dataclass
class Task:
    """One line of the opening; `said` is what the bot answered, or what went wrong."""

    text: str
    do: Callable[[], Awaitable[str]]
    state: State = "waiting"
    said: str = ""


class Opening:
    """Carries out its tasks one after the other; `on_change` hears of each."""

    def __init__(self, shop: Shop, child: Child, first_run: FirstRun | None = None) -> None:
        self._shop = shop
        self._child = child
        self._first_run = first_run
        self.on_change: Callable[[], None] = lambda: None
        self.over = False
        self.tasks = [Task("Start the bot", self._started)]
        if not shop.is_empty:
            self.tasks += self._commands()

    async def run(self) -> None:
        """Do everything; what fails is kept beside its task, and the shop opens all the same."""
        for task in self.tasks:
            self._note(task, "working")
            try:
                outcome = await task.do()
            except (NotAnsweredError, RefusedError, TimeoutError, _EndedError) as error:
                self._note(task, "failed", str(error) or "It took too long.")
                if self._child.state == "off":
                    break
            else:
                self._note(task, "done", outcome)
        self.over = True
        self.on_change()

    def describe(self) -> Json:
        """The tasks for the page, as JSON."""
        return {
            "over": self.over,
            "failed": any(task.state == "failed" for task in self.tasks),
            "tasks": [
                {"text": task.text, "state": task.state, "said": task.said} for task in self.tasks
            ],
        }

    def _note(self, task: Task, state: State, said: str = "") -> None:
        task.state, task.said = state, said
        self.on_change()

    def _commands(self) -> list[Task]:
        shop = self._shop
        return [
            *(
                self._command(
                    f"/script add {each.slug}",
                    "script add",
                    pine_id=each.script.pine_id,
                    slug=each.slug,
                    title=each.script.title,
                )
                for each in shop.publications
            ),
            self._command("/setup staff @Moderator", "setup staff", role=shop.staff),
            self._command(f"/setup log #{shop.history.name}", "setup log", channel=shop.history),
            *(
                self._command(
                    f"/customer link @{each.user.display_name} {each.name}",
                    "customer link",
                    member=each.user,
                    username=each.name,
                )
                for each in shop.linked
            ),
            *(
                self._command(
                    f"/access grant {slug} L {name}",
                    "access grant",
                    item=slug,
                    duration="L",
                    username=name,
                )
                for slug, name in _LIFETIME
            ),
        ]

    def _command(self, text: str, path: str, **options: Any) -> Task:
        async def do() -> str:
            end = asyncio.get_running_loop().time() + _LOGIN_TIMEOUT
            while not (said := await self._use(path, options)).startswith(_CARRIED_OUT):
                if asyncio.get_running_loop().time() > end:
                    raise RefusedError(said)
                await asyncio.sleep(_LOOK_EVERY)
            return said

        return Task(text, do)

    async def _use(self, path: str, options: Json) -> str:
        """Use a command as the owner; return the first line of the answer."""
        owner = self._shop.discord.person(self._shop.owner)
        place = self._shop.history if path == "setup log" else self._shop.general
        used = await owner.run(path, guild=self._shop.guild, at=place, **options)
        text_shown = (await used.answered()).text
        for message in used.messages:
            owner.delete(message)  # the owner's view opens uncluttered
        return text_shown.partition("\n")[0]

    async def _started(self) -> str:
        """Wait until the bot is connected, shows its commands and has tried its TradingView login.

        One that was given no token prints a link instead, and waits itself.
        """
        await self._child.start()
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            while not self._is_up():
                if self._child.state == "off":
                    raise _EndedError
                await asyncio.sleep(_LOOK_EVERY)
        if self._first_run is not None:
            return "It has no token, and printed a link to the page that asks for it."
        if self._shop.is_empty:
            return "It is connected. All the rest is yours to do."
        return "It is connected, and its TradingView login works."

    def _is_up(self) -> bool:
        if self._first_run is not None:
            return self._first_run.link is not None
        return self._shop.shows_commands and (self._shop.is_empty or self._login_was_tried())

    def _login_was_tried(self) -> bool:
        return any(call.status is not None for call in self._shop.tradingview.calls("details"))


class _EndedError(Exception):
    """The bot ended before it was ready."""

    def __str__(self) -> str:
        return "The bot ended; its log says why."
