"""Keeps what TradingView's answers showed of the wire's open questions, without a name or a value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.tradingview import TradingViewClient, TradingViewError
from bot.tradingview.errors import SlowDown
from bot.tradingview.response_errors import Reply, parsed
from bot.tradingview.wire import Request

# The numbers are those of the list of open questions (wire §17).
QUESTIONS = {
    1: "Does asking the list for one name find that name alone, or every name like it?",
    2: "Does a name have to be spelt exactly, capitals included, when access is given?",
    3: "Does giving access to somebody who has it change the end?",
    4: "What answers changing the end of somebody without access?",
    5: "Can access without an end be given an end?",
    6: "Does a change without a date take the end away?",
    7: "What answers removing somebody without access?",
    8: "What do dates without a time, and dates in the past, become?",
    9: "Is an end stored as it was sent?",
    10: "How many people fit on one page of the list?",
    11: "Does the list stay in place while people are added?",
    12: "Do people whose access has ended stay in the list?",
    13: "What does TradingView say to a script or a plan that may not give access?",
    14: "What answers a request without a living login, 401 or 403?",
    15: "What comes with “too fast”: does it say how long to wait?",
    16: "How long does a login live, and is it renewed on the way?",
    17: "Is the second cookie (sessionid_sign) needed?",
    18: "How many names does the name search suggest?",
    19: "What answers a wrong password?",
    20: "Does the list of scripts with access hold invite-only scripts alone?",
    21: "Does access follow somebody who changes their name?",
    22: "How does TradingView count people for its fee?",
    23: "How soon does the list show a change?",
    24: "In which time zone do customers see the end?",
}
NOT_SEEN = "not seen"
_WORD = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Came:
    """What came back: an answer, or the error that it meant."""

    reply: Reply | None = None
    error: TradingViewError | None = None

    @property
    def ok(self) -> bool:
        """Return whether it was an answer."""
        return self.reply is not None

    @property
    def said(self) -> str:
        """Return status and word of the reply; nothing else of it."""
        if self.reply is not None:
            data = parsed(self.reply)
            status = data.get("status") if isinstance(data, dict) else None
            return f"HTTP {self.reply.status}{_word('status', status)}"
        if self.error is None or self.error.status is None:
            return "no answer"
        return f"HTTP {self.error.status}{_word('code', self.error.code)}"


def _word(name: str, value: object) -> str:
    if not isinstance(value, str):
        return ""
    return f", {name} “{value}”" if _WORD.fullmatch(value) else f", a {name} of another form"


@dataclass
class Observations:
    """Asks, and notes what was seen of each question."""

    seen: dict[int, list[str]] = field(default_factory=dict)

    def note(self, question: int, text: str) -> None:
        """Note what was seen of a question; the same twice is once."""
        noted = self.seen.setdefault(question, [])
        if text not in noted:
            noted.append(text)

    async def ask(self, client: TradingViewClient, request: Request) -> Came:
        """Return what comes back, whatever it is."""
        try:
            return Came(reply=await client.ask(request, urgent=True))
        except SlowDown as error:
            wait = error.retry_after
            self.note(15, "no wait is named" if wait is None else f"it names {wait:g} seconds")
            return Came(error=error)
        except TradingViewError as error:
            return Came(error=error)

    def lines(self) -> Iterator[str]:
        """Yield every question with what was seen of it."""
        for number, question in QUESTIONS.items():
            yield f"{number:>2}. {question}\n    {'; '.join(self.seen.get(number, (NOT_SEEN,)))}"
