"""One grant and one removal for a consenting tester: what only writes can show of the open questions.

Beside the syncing of orders this is the only place that writes to TradingView. It begins only where the
tester has no row, and ends by taking away whatever it left, however it ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import clock
from bot.doctor.observations import Came, Observations
from bot.tradingview import LIFETIME, End, Row, TradingViewClient, TradingViewError, wire

READ_BACK = (0.0, 1.0, 2.0, 4.0)  # pauses before each look
REMOVALS = (0.0, 2.0, 5.0, 15.0, 60.0)  # pauses before each attempt to clean up
_BY_HAND = (
    "WRONG  The tester may still have access: it could not be removed.\n       What to do: on TradingView, "
    "open the script's page, choose Manage access, and remove the tester by hand."
)
_EXACT = timedelta(seconds=1)


class NotReadError(Exception):
    """TradingView's list could not be read, so nothing can be said and no more is tried."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list showed after a change, and after how many seconds."""

    row: Row | None
    after: float


class WriteTrial:
    """The tester's time on one script. `tell` is told each step, without names."""

    def __init__(
        self,
        client: TradingViewClient,
        observations: Observations,
        pine_id: str,
        username: str,
        tell: Callable[[str], object],
    ) -> None:
        self._client = client
        self._observations = observations
        self._pine_id = pine_id
        self._username = username
        self._tell = tell

    async def run(self) -> bool:
        """Run every step, then the removal; returns False when the tester may still have access."""
        try:
            await self._steps()
        except (NotReadError, TradingViewError):
            self._tell("TradingView's list could not be read, so the rest is left out.")
        finally:
            clean = await self._clean_up()
        return clean

    async def _steps(self) -> None:
        soon = clock.now().replace(microsecond=123_000) + timedelta(days=1)
        later = clock.now().replace(microsecond=456_000) + timedelta(days=2)
        await self._without_a_row(soon)
        if not await self._grant(soon):
            return
        await self._again(soon, later)
        end = await self._spelling(later)
        await self._without_an_end(end)

    async def _without_a_row(self, end: datetime) -> None:
        """Try a change and a removal without a row: neither should do anything."""
        self._tell("Changing and removing access that is not there…")
        came = await self._ask(wire.modify(self._pine_id, self._username, end))
        made = (await self._shows(lambda row: row is not None)).row is not None
        self._observations.note(
            4, f"{came.said}; {'access was made' if made else 'nothing was made'}"
        )
        if made:
            await self._ask(wire.remove(self._pine_id, self._username))
            await self._shows(lambda row: row is None)
        came = await self._ask(wire.remove(self._pine_id, self._username))
        self._observations.note(7, came.said)

    async def _grant(self, end: datetime) -> bool:
        self._tell("Giving access for a day…")
        came = await self._ask(wire.add(self._pine_id, self._username, end))
        shown = await self._shows(lambda row: row is not None)
        if shown.row is None:
            self._tell(f"No access was given ({came.said}).")
            if not came.ok:
                self._observations.note(13, came.said)
            return False
        self._observations.note(23, f"a new person: within {shown.after:g} s")
        self._observations.note(9, _stored(end, shown.row.end))
        return True

    async def _again(self, before: datetime, end: datetime) -> None:
        self._tell("Giving access once more, with another end…")
        came = await self._ask(wire.add(self._pine_id, self._username, end))
        row = (await self._shows(lambda row: _ends(row, end))).row
        moved = _ends(row, end) and not _ends(row, before)
        self._observations.note(
            3, f"{came.said}; the end {'changed' if moved else 'stayed as it was'}"
        )

    async def _spelling(self, end: datetime) -> datetime:
        """Change the end, under another spelling if there is one; returns the end that is there."""
        self._tell("Changing the end…")
        shown = Shown(None, 0)
        other = self._username.swapcase()
        if other != self._username:
            came = await self._ask(wire.modify(self._pine_id, other, end))
            shown = await self._shows(lambda row: _ends(row, end))
            done = _ends(shown.row, end)
            needed = "any capitals do" if done else "the exact spelling is needed"
            self._observations.note(2, f"{needed} ({came.said})")
        if not _ends(shown.row, end):
            await self._ask(wire.modify(self._pine_id, self._username, end))
            shown = await self._shows(lambda row: _ends(row, end))
        if _ends(shown.row, end):
            self._observations.note(23, f"another end: within {shown.after:g} s")
        return end

    async def _without_an_end(self, end: datetime) -> None:
        """Try an access without an end, for seconds only; whatever happens, the removal follows."""
        self._tell("Taking the end away, and giving it back…")
        came = await self._ask(wire.modify(self._pine_id, self._username, LIFETIME))
        lasting = (await self._shows(_is_lasting)).row
        done = _is_lasting(lasting)
        self._observations.note(6, f"{'yes' if done else 'no, the end stayed'} ({came.said})")
        if not done:
            return
        came = await self._ask(wire.modify(self._pine_id, self._username, end))
        dated = _ends((await self._shows(lambda row: _ends(row, end))).row, end)
        self._observations.note(5, f"{'yes' if dated else 'no, it stayed without'} ({came.said})")

    async def _clean_up(self) -> bool:
        """Remove and read back, several times if need be; True once the list shows no row."""
        self._tell("Removing the access…")
        for pause in REMOVALS:
            await clock.sleep(pause)
            try:
                row = await self._row()
                await self._ask(wire.remove(self._pine_id, row.username if row else self._username))
                if (await self._shows(lambda row: row is None)).row is None:
                    self._tell("TradingView's list shows that the access is removed.")
                    return True
            except (NotReadError, TradingViewError):
                continue
        self._tell(_BY_HAND)
        return False

    async def _ask(self, request: wire.Request) -> Came:
        return await self._observations.ask(self._client, request)

    async def _row(self) -> Row | None:
        return await self._client.find_row(self._pine_id, self._username, urgent=True)

    async def _shows(self, wanted: Callable[[Row | None], bool]) -> Shown:
        """Look until the list shows it, or the last look is over."""
        begun, row = clock.monotonic(), None
        for pause in READ_BACK:
            await clock.sleep(pause)
            try:
                row = await self._row()
            except TradingViewError as error:
                raise NotReadError from error
            if wanted(row):
                break
        return Shown(row, round(clock.monotonic() - begun, 1))


def _ends(row: Row | None, end: datetime) -> bool:
    """Return whether it ends about then: a rounded end is still that one, a day apart is another."""
    return row is not None and isinstance(row.end, datetime) and _near(row.end, end)


def _near(end: datetime, other: datetime) -> bool:
    return abs(end - other) < timedelta(hours=24) and (
        abs(end - other) <= _EXACT or end.date() == other.date()
    )


def _is_lasting(row: Row | None) -> bool:
    return row is not None and not isinstance(row.end, datetime)


def _stored(sent: datetime, end: End) -> str:
    if not isinstance(end, datetime):
        return "no: it has no end"
    if end == sent:
        return "yes, to the millisecond"
    return f"no: it is {(end - sent).total_seconds():+.3f} s off"
