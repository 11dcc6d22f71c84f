"""The sandbox as one thing: both worlds, the bot, the tour; what the page shows and is told of."""

import asyncio
import itertools
import os
import re
from typing import Any

from bot.sandbox import example_files, faults, sample_customers
from bot.sandbox.actions import Actions
from bot.sandbox.child import Child, Line, as_json
from bot.sandbox.discord import Interaction, RefusedError
from bot.sandbox.discord.interactions import Kind
from bot.sandbox.discord.observer import (
    channel as channel_as_json,
    guild as guild_as_json,
    user as user_as_json,
)
from bot.sandbox.first_run import FirstRun
from bot.sandbox.opening import Opening
from bot.sandbox.recovery import Recovery
from bot.sandbox.server_life import ServerLife
from bot.sandbox.shop import Cast, Shop
from bot.sandbox.terminal import Terminal
from bot.sandbox.tour import Tour
from bot.sandbox.tradingview import Call, User
from bot.sandbox.tradingview.bodies import write_date
from bot.sandbox.tradingview.switch_types import Value

Json = dict[str, Any]

_LONGEST_ABOUT = 500
_MORE_PEOPLE = 500
_LOOK_EVERY = 1.0  # seconds
_KEEP_CALLS = 60
_PROFILE = re.compile(r"(?:^@|.*/u/)|[/#?].*$")


class Simulation:
    """Everything that the page shows; `tell` reaches every open page."""

    def __init__(self, shop: Shop, child: Child, web_address: str) -> None:
        self.shop = shop
        self.child = child
        self.actions = Actions(shop)
        self.server_life = ServerLife(shop)
        self.tour = Tour(shop, child)
        self.first_run = FirstRun(shop) if shop.is_new else None
        self.opening = Opening(shop, child, self.first_run)
        self.web_address = web_address
        shop.payments.address = web_address
        self._pages: list[asyncio.Queue[Json]] = []
        self._numbers = itertools.count(1)
        self._cookies: tuple[str, str | None] | None = None
        self._recovery = Recovery()
        child.on_change = self._bot_changed
        child.on_line = self._line
        self.tour.on_change = lambda: self.tell("tour", tour=self.tour.describe())
        self.opening.on_change = self._opening_changed
        if self.first_run is not None:
            self.first_run.on_change = self._first_run_changed
        shop.payments.on_change = self._payments_changed
        shop.tradingview.watchers.append(self._called)
        shop.tradingview.switches.watchers.append(self._turned)

    # Those who watch

    def subscribe(self) -> "asyncio.Queue[Json]":
        """Every change from now on."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._pages.append(queue)
        return queue

    def unsubscribe(self, queue: "asyncio.Queue[Json]") -> None:
        if queue in self._pages:
            self._pages.remove(queue)

    def tell(self, kind: str, **facts: object) -> None:
        for page in self._pages:
            page.put_nowait({"type": kind, **facts})

    def snapshot(self) -> Json:
        """All there is, as JSON."""
        shop = self.shop
        return {
            "discord": shop.discord.snapshot(),
            "guild_id": str(shop.guild.id),
            "people": [_person(each) for each in shop.everybody],
            "failed": self._failed(),
            "tradingview": {
                "vendor": {
                    "name": shop.vendor.user.username,
                    "password": shop.vendor.password,
                    "code": shop.vendor.code,
                },
                "scripts": [
                    {"slug": each.slug, "title": each.script.title, "pine_id": each.script.pine_id}
                    for each in shop.publications
                ],
                "people": [self._rows(user) for user in example_files.everybody(self.shop)],
                "calls": [
                    _call(number, call)
                    for number, call in enumerate(
                        shop.tradingview.log[-_KEEP_CALLS:], start=-_KEEP_CALLS
                    )
                    if call.name
                ],
            },
            "switches": faults.describe(shop.tradingview.switches),
            "bot": self._bot(),
            "web_address": self.web_address,
            "terminal": None if shop.folder is None else Terminal(shop.folder).line("export"),
            "payments": self.shop.payments.describe(),
            "opening": self.opening.describe(),
            "first_run": self._first_run(),
            "tour": self.tour.describe(),
            "recovery": self._recovery.describe(),
            "lines": [as_json(line) for line in self.child.lines],
        }

    # What the page can do beside what people do in Discord

    def turn(self, name: str, value: object) -> None:
        """Turn a switch; ValueError says what would be right."""
        switches = self.shop.tradingview.switches
        switches.set(name, faults.value_for(switches, name, value))

    def write_profile(self, username: str, about: str) -> None:
        """Put a text on somebody's public TradingView page; ValueError when nobody is called that."""
        user = self.shop.tradingview.world.find_user(username)
        if user is None:
            raise ValueError("nobody on TradingView is called that")
        user.about = about.strip()[:_LONGEST_ABOUT]
        self.tell("rows", person=self._rows(user))

    def add_people(self) -> None:
        """Add hundreds of people to TradingView, most of them customers."""
        shop, world = self.shop, self.shop.tradingview.world
        scripts = [each.script for each in shop.publications]
        found = sample_customers.add(world, scripts, shop.discord.world.now(), _MORE_PEOPLE)
        self.tell("crowd", people=[self._rows(user) for user in found])

    def open_chart(self, username: str) -> Json:
        """Return what that person finds on TradingView under Indicators, Invite-only scripts.

        ValueError when nobody is called that.
        """
        user = self.shop.tradingview.world.find_user(username)
        if user is None:
            raise ValueError("nobody on TradingView is called that")
        self.tour.chart_opened(user.username)
        author = self.shop.vendor.user.username
        found = self.shop.chart_of(user.username)
        return {"scripts": [{"title": each.script.title, "author": author} for each in found]}

    def repair(self) -> None:
        """All switches back to where they were at first."""
        self.shop.tradingview.switches.reset()

    def happen(self, body: Json) -> Json:
        """Let something happen in the server, as the page asks for; RefusedError says why not."""
        if not self.opening.over:
            raise RefusedError("the shop is still being opened")
        newcomer = self.server_life.do(body)
        self.tell("bot", bot=self._bot())
        if newcomer is None:
            return {}
        user = user_as_json(newcomer.user)
        self.tell("person", person=_person(newcomer), user=user)
        account = self.shop.tradingview.world.find_user(newcomer.name or "")
        if account is not None:
            self.tell("rows", person=self._rows(account))
        return {"member": user["id"]}

    async def dashboard_address(self) -> str:
        """Return the link to its pages that the bot gives the owner; RefusedError says why it gives none."""
        if not (self.opening.over and self.shop.shows_commands):
            raise RefusedError("the bot is not connected; start it, or wait a moment")
        return await self.actions.dashboard_address()

    async def sell(self, body: Json) -> None:
        """Let the pretend shop do what the page asks for; ValueError says why it cannot."""
        match body["do"]:
            case "connect":
                address = body.get("address")
                self.shop.payments.connect(body["form"], address or self._said_address())
            case "buy":
                await self.shop.payments.buy(body)
            case _:
                await self.shop.payments.happen(body)

    def _said_address(self) -> str:
        """Return what the bot said last that holds an address for a shop, as its reader would copy it."""
        for used in reversed(self.shop.discord.interactions):
            for message in reversed(used.messages):
                if "/webhooks/" in message.text:
                    return message.text
        raise ValueError("the bot has not said an address yet: use /webhook add first")

    def new_cookies(self) -> Json:
        """Log in to TradingView anew, and return the pair."""
        self._cookies = self.shop.tradingview.world.open_session(self.shop.vendor)
        self.tour.cookies_made()
        return {"sessionid": self._cookies[0], "sessionid_sign": self._cookies[1]}

    def working_cookies(self) -> Json:
        """Return the pair made last while it works, else a new one."""
        world = self.shop.tradingview.world
        if self._cookies and world.find_session(*self._cookies, sign_required=False):
            return {"sessionid": self._cookies[0], "sessionid_sign": self._cookies[1]}
        return self.new_cookies()

    # What happens

    async def follow(self) -> None:
        """Pass on what happens in Discord, until cancelled."""
        queue = self.shop.discord.subscribe()
        try:
            while True:
                self._happened(await queue.get())
        finally:
            self.shop.discord.unsubscribe(queue)

    async def watch_files(self) -> None:
        """Notice what commands of a terminal write into the bot's folder, until cancelled."""
        while self.shop.folder is not None:
            found = frozenset(await asyncio.to_thread(os.listdir, self.shop.folder))
            if found != self.shop.files:
                self.shop.files = found
                self.tour.look()
            await asyncio.sleep(_LOOK_EVERY)

    def _happened(self, event: Json) -> None:
        kind = event["type"]
        if kind in ("bot_online", "bot_offline"):
            self.child.connected(online=kind == "bot_online")
            self._bot_changed()
            return
        if kind == "guild_changed":
            event = {"type": "guild", "guild": guild_as_json(self.shop.guild, self._world)}
        elif kind.startswith("message_"):
            where = self._world.channels[int(event["message"]["channel_id"])]
            if where.guild is None:
                event["recipient_id"] = channel_as_json(where)["seen_by"][0]
        elif kind == "interaction_created":
            self._used(event)
        self.tell(event.pop("type"), **event)
        if self.opening.over:
            self.tour.look()

    def _used(self, event: Json) -> None:
        used = self.shop.discord.interaction_service.all[int(event["interaction"]["id"])]
        if used.kind is Kind.AUTOCOMPLETE or not self.opening.over:
            return
        event["given"] = {each["name"]: each.get("value") for each in _leaves(used.data)}
        name = self._concerned(used)
        if name is not None:
            event["concerns"] = name
        self.tour.used(used)

    def _concerned(self, used: Interaction) -> str | None:
        """The TradingView name of the person whom a command is about, as far as it is known."""
        if used.command is None:
            return None
        options = {each["name"]: each.get("value") for each in _leaves(used.data)}
        member = int(options.get("member") or used.person.id)
        typed = options.get("username")
        if isinstance(typed, str):
            user = self.shop.tradingview.world.find_user(_PROFILE.sub("", typed.strip()))
            return None if user is None else user.username
        return self.shop.name_of(member) if "member" in options or used.command == "me" else None

    def _called(self, call: Call) -> None:
        if not call.name:
            return
        user = self.shop.tradingview.world.find_user(call.username) if call.username else None
        self.tell("call", call=_call(next(self._numbers), call))
        if user is not None and call.applied:
            self.tell("rows", person=self._rows(user))
        switches = self.shop.tradingview.switches
        if switches.logged_out and call.status == 200 and call.name in ("details", "list"):
            # Somebody is logged in again, so the login has not ended any more.
            switches.logged_out = False
        if self.opening.over:
            self.tour.called(call)

    def _turned(self, name: str, value: Value) -> None:
        switches = self.shop.tradingview.switches
        self.tell("switches", switches=faults.describe(switches))
        if value != switches.DIALS[name].default:
            self.tour.turned(name)

    def _opening_changed(self) -> None:
        self.tell("opening", opening=self.opening.describe())
        if self.opening.over:
            self.tour.restart()  # nothing that the opening did counts

    def _first_run_changed(self) -> None:
        self.tell("first_run", first_run=self._first_run())
        self.tour.look()

    def _payments_changed(self) -> None:
        self.tell("payments", payments=self.shop.payments.describe())
        self.tour.sold()

    def _bot_changed(self) -> None:
        self.tell("bot", bot=self._bot())
        self.tour.bot_changed()

    def _line(self, line: Line) -> None:
        self.tell("line", line=as_json(line))
        if self.first_run is not None:
            self.first_run.read(line)
        if self._recovery.read(line.text):
            self.tell("recovery", recovery=self._recovery.describe())

    # As JSON

    @property
    def _world(self) -> Any:
        return self.shop.discord.world

    def _bot(self) -> Json:
        discord = self.shop.discord
        return {
            **self.child.describe(),
            "online": discord.online,
            "members_allowed": discord.members_allowed,
            "hears_members": discord.hears_members,
        }

    def _first_run(self) -> Json | None:
        return None if self.first_run is None else self.first_run.describe()

    def _failed(self) -> list[Json]:
        """Commands and presses that nobody answered in time."""
        return [
            {
                "id": str(each.id),
                "kind": each.kind.name.lower(),
                "user_id": str(each.person.id),
                "channel_id": str(each.channel.id),
                "command": each.command,
                "reason": each.failed,
            }
            for each in self.shop.discord.interactions
            if each.failed and each.kind is not Kind.AUTOCOMPLETE
        ]

    def _rows(self, user: User) -> Json:
        found = ((each.slug, each.script.grants.get(user.id)) for each in self.shop.publications)
        return {
            "username": user.username,
            "about": user.about,
            "rows": [
                {
                    "slug": slug,
                    "end": None if row.end is None else write_date(row.end),
                    "created": write_date(row.created),
                }
                for slug, row in found
                if row is not None
            ],
        }


def _person(cast: Cast) -> Json:
    return {
        "id": str(cast.user.id),
        "name": cast.user.display_name,
        "part": cast.part,
        "about": cast.about,
        "username": cast.name,
    }


def _leaves(data: Json) -> list[Json]:
    """The options of the innermost sub-command."""
    options: list[Json] = data.get("options") or []
    while options and "options" in options[0]:
        options = options[0]["options"]
    return options


def _call(number: int, call: Call) -> Json:
    return {
        "number": number,
        "name": call.name,
        "username": call.username,
        "status": None if call.dropped else call.status,
        "applied": call.applied,
        "at": call.at.isoformat(timespec="milliseconds"),
    }
