"""From nothing: a bot without a token, until a grant has been proven on TradingView."""

from bot.sandbox.tour.first_day import FirstDay
from bot.sandbox.tour.steps import Goal, Step


class FromNothing(FirstDay):
    """Whoever has just typed `usher run` for the first time, with no bot, no server and no login yet."""

    title = "Six steps from nothing"
    ending = (
        "From one line in a terminal to access that TradingView's own list showed. On a real server it goes "
        "just like that: usher run, then its link. The next thing there is your first sale, with /access grant."
    )

    def steps(self) -> list[Step]:
        """Return the six steps, which end with the proof."""
        return [
            self._give_token(),
            self._invite(),
            self._make(),
            self._log_in(),
            self._discover(),
            self._prove(),
        ]

    def _give_token(self) -> Step:
        return Step(
            "Give the bot its token",
            "usher run was started, and nothing else. It printed a link: open it in the middle of this page. "
            "The token that the bot's page asks for is beside it, at the pretend developer portal.",
            [Goal("Discord knows the token", lambda: int(self.shop.knows_token))],
            [],
        )

    def _invite(self) -> Step:
        return Step(
            "Let it into your server",
            "The bot's page has an invite link, and waits. The link leads to Discord itself, which is not here: "
            "press the button for it on this page instead.",
            [
                Goal("The bot is in the server", lambda: int(self.shop.has_bot)),
                Goal(
                    "It is connected, and shows its commands", lambda: int(self.shop.shows_commands)
                ),
            ],
            [],
        )

    def _make(self) -> Step:
        return Step(
            "A role for staff, a channel for the history",
            "You are Olivia, the owner. /setup show lists what is missing and has a button for the next thing. "
            "Its first button makes a role and a channel. Press it: the bot asks for the rights to do so, "
            "you give it those, and it goes on by itself.",
            [
                Goal(
                    "Your staff have a role",
                    lambda: self.heard("made the role") or self.heard("counts as staff"),
                ),
                Goal(
                    "The history has a channel",
                    lambda: self.heard("made the channel") or self.heard("warnings appear in"),
                ),
            ],
            [self._as_owner("Fill in /setup show", "setup show")],
        )

    def _prove(self) -> Step:
        tester = self.shop.unlinked.name
        return Step(
            "Prove that it works",
            "Press Take over under the last answer: the bot then knows who has access already, and nothing changes "
            "on TradingView. Then /setup show has one button left, the proof: a tester gets a day, which is read "
            f"back from TradingView's list and taken away again. Take {tester}, who has no access.",
            [
                Goal("Those who have access are known", self._taken_over),
                Goal("Given, read back, taken away", lambda: self.heard("your server is set up")),
            ],
            [self._as_owner("Fill in /setup show", "setup show")],
        )
