"""Watches what happens in the two worlds, and ticks off the steps of a tour."""

from collections.abc import Callable

from bot.sandbox.child import Child
from bot.sandbox.discord import Interaction
from bot.sandbox.shop import Shop, ShopKind
from bot.sandbox.tour.bad_day import BadDay
from bot.sandbox.tour.buyer_with_role import BuyerWithRole
from bot.sandbox.tour.change_of_shop import ChangeOfShop
from bot.sandbox.tour.first_day import FirstDay
from bot.sandbox.tour.from_nothing import FromNothing
from bot.sandbox.tour.hundreds import Hundreds
from bot.sandbox.tour.sale_with_dead_login import SaleWithDeadLogin
from bot.sandbox.tour.steps import Facts, Json, Story
from bot.sandbox.tradingview import Call

_STORIES: dict[ShopKind, type[Story]] = {
    "empty": FirstDay,
    "role": BuyerWithRole,
    "sale": SaleWithDeadLogin,
    "hundreds": Hundreds,
    "move": ChangeOfShop,
    "busy": BadDay,
    "new": FromNothing,
}


class Tour:
    """Watches and ticks off; `on_change` hears of every tick."""

    def __init__(self, shop: Shop, child: Child) -> None:
        self._shop = shop
        self._child = child
        self.on_change: Callable[[], None] = lambda: None
        self._begin()

    @property
    def current(self) -> int:
        """Return the number of the present step, from 0; beyond the last one when all are done."""
        return self._story.current

    def restart(self) -> None:
        """Begin with the first step again."""
        self._begin()
        self.look()
        self.on_change()

    def skip(self) -> None:
        """Leave the present step as it is."""
        if self.current < len(self._steps):
            self._skipped.add(self.current)
            self._story.go_on()
            self.look()
            self.on_change()

    # What happens in the world

    def used(self, interaction: Interaction) -> None:
        """Note that somebody used a command, button or form."""
        self._facts.used.append(interaction)
        self.look()

    def called(self, call: Call) -> None:
        """Note that the bot asked TradingView something, and that is over."""
        if call.applied:
            self._story.wrote(call)
        elif call.status == 200 and not call.dropped:
            if call.name == "list":
                self._facts.reads.append(call)
            elif call.name == "details":
                self._facts.logins_proved += 1
        self.look()

    def turned(self, switch: str) -> None:
        """Note that a switch was turned on."""
        self._facts.turned.add(switch)
        self.look()

    def bot_changed(self) -> None:
        """Note that the bot was started, killed, or is connected."""
        if self._child.killed:
            self._facts.was_killed = True
        if self._facts.was_killed and self._child.state == "running":
            self._facts.came_back = True
        self.look()
        self.on_change()  # what is said besides may depend on what the bot hears

    def cookies_made(self) -> None:
        """Note that somebody asked for a new login."""
        self._facts.cookies_made = True
        self.look()

    def sold(self) -> None:
        """Note that the pretend shop was connected, or sent something."""
        self.look()

    def chart_opened(self, username: str) -> None:
        """Note that somebody looked at the scripts that a person finds on TradingView."""
        self._facts.charts.append((username, len(self._shop.chart_of(username))))
        self.look()

    def look(self) -> None:
        """Tick off what is true by now."""
        changed = False
        while self.current < len(self._steps):
            step = self._steps[self.current]
            ticks = [goal.look() for goal in step.goals]
            changed = changed or any(ticks)
            if not step.done:
                break
            self._story.go_on()
            changed = True
        if changed:
            self.on_change()

    def describe(self) -> Json:
        """Return all steps for the page, as JSON."""
        return {
            "shop": self._shop.kind,
            "takes_new_shop": self._story.takes_new_shop,
            "title": self._story.title,
            "ending": self._story.ending,
            "current": self.current,
            "done": self.current >= len(self._steps),
            "steps": [
                {**step.describe(), "skipped": number in self._skipped}
                for number, step in enumerate(self._steps)
            ],
        }

    @property
    def _facts(self) -> Facts:
        return self._story.facts

    def _begin(self) -> None:
        self._story: Story = _STORIES[self._shop.kind](self._shop)
        self._steps = self._story.steps()
        self._skipped: set[int] = set()
