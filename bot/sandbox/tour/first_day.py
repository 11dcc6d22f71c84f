"""A vendor's first day: an empty shop is set up, and its customers are taken over."""

from bot.sandbox.example_files import as_option, who_is_who
from bot.sandbox.tour.steps import Goal, Json, Step, Story, answer, command, says


class FirstDay(Story):
    """A vendor who has just invited the bot, and whose customers have access already, given by hand."""

    title = "Six steps through a first day"
    ending = (
        "From an empty server to the first sale, and nobody lost a day of access on the way. On a "
        "real server it goes just like that: usher run, then /setup show."
    )
    takes_new_shop = True

    def steps(self) -> list[Step]:
        """Return the six steps."""
        return [
            self._set_up(),
            self._log_in(),
            self._discover(),
            self._take_over(),
            self._match(),
            self._sell(),
        ]

    def _set_up(self) -> Step:
        return Step(
            "Say who your staff are",
            "You are Olivia, the owner. The bot has just joined your server. /setup show lists what "
            "is missing and has a button for the next thing. On a server of your own one press makes role "
            "and channel; here they are there already: choose Moderator as the role of your staff, and "
            "access-log as the channel for the history.",
            [
                Goal("You have seen the checklist", lambda: self._used("setup show")),
                Goal("Your staff have a role", lambda: self.heard("counts as staff")),
                Goal("The history has a channel", lambda: self.heard("warnings appear in")),
            ],
            [self._as_owner("Fill in /setup show", "setup show")],
        )

    def _log_in(self) -> Step:
        return Step(
            "Connect TradingView",
            "The bot works with the login of your TradingView account. In your browser you would "
            "copy two cookies; here a button makes them. Paste them into the form of /session update.",
            [
                Goal("The cookies are at hand", lambda: int(self.facts.cookies_made)),
                Goal("TradingView let the bot in", lambda: self.facts.logins_proved),
            ],
            [
                {"kind": "cookies", "label": "Copy new cookies"},
                self._as_owner("Fill in /session update", "session update"),
            ],
        )

    def _discover(self) -> Step:
        return Step(
            "Find your scripts",
            "The bot asks TradingView which invite-only scripts are yours: the list stands under the answer to your "
            "first login, and /script discover shows it again. Choose all three, and add them.",
            [
                Goal(
                    "TradingView was asked",
                    lambda: self._used("script discover") or self.heard("added:"),
                ),
                Goal("Your scripts are added", lambda: self.heard("added:")),
            ],
            [self._as_owner("Fill in /script discover", "script discover")],
        )

    def _take_over(self) -> Step:
        return Step(
            "Take over your customers",
            "More than a hundred people have access already. The bot does not touch them until you "
            "say that they are yours. Press Take over under the last answer: nothing changes on TradingView, and "
            "from then on the bot knows who has what, until when.",
            [Goal("The bot knows your customers", self._taken_over)],
            [self._as_owner("Fill in /script discover", "script discover")],
        )

    def _match(self) -> Step:
        return Step(
            "Who is who in Discord",
            "You kept a list: which member has which TradingView name. Give it to /customer match, "
            "look at what it found, and tie them with one button. Three lines do not fit: two of "
            "those people have no access now, and one name has a slip.",
            [
                Goal("The bot read the list", lambda: self._used("customer match")),
                Goal("Names are tied to members", lambda: self.heard("tied.")),
            ],
            [
                self._as_owner(
                    "Fill in the list", "customer match", file=as_option(who_is_who(self.shop))
                )
            ],
        )

    def _sell(self) -> Step:
        bea = self.shop.person("buyer").user
        mina = self.shop.person("moderator").user
        sale = {"item": "trend-finder-pro", "duration": "1M", "member": str(bea.id)}
        sale["username"] = self.shop.name_of(bea.id) or ""
        return Step(
            "The first sale",
            "Bea's access lapsed, so she was not taken over; now she pays again. Be Mina, one of "
            "your staff, and give her a month. Her TradingView name goes along this once. The bot "
            "says done only after it has looked at TradingView's own list.",
            [
                Goal("TradingView's own row has a new end", lambda: len(self.facts.writes)),
                Goal("The bot says done, after it looked", self._granted),
            ],
            [command("Fill in the sale", mina.id, "access grant", sale)],
        )

    def _as_owner(self, label: str, path: str, **options: object) -> Json:
        return command(label, self.shop.owner.id, path, options)

    # What the goals look at

    def _taken_over(self) -> int:
        """Return how many answers say so; "not taken over yet" is none of them."""
        return self.heard("people taken over") or self.heard("all taken over")

    def _used(self, path: str) -> int:
        return sum(1 for each in self.facts.used if each.command == path and answer(each))

    def _granted(self) -> int:
        return sum(
            1 for each in self.facts.used if each.command == "access grant" and says(each, "done")
        )
