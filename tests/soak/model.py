"""What access must come to, worked out without any of Usher's rules.

A person has a list of reasons, each with an end of its own. Time that was bought starts at the latest of
the moment it was asked and every end that was fixed before; an exact end or a removal ends whatever was
there, and putting it back brings that back, with what was bought since on top. Months in a row are all
counted together, from the moment at which the row began.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FOREVER = "for ever"
NONE = "no access"
FAR = datetime(9999, 1, 1, tzinfo=UTC)
PUT_BACK = timedelta(hours=24)


def plus(moment, length):
    """That much later, by a calendar of its own: 31 January and a month is the last of February."""
    number, unit = int(length[:-1]), length[-1]
    if unit in "DW":
        return moment + timedelta(days=number * (7 if unit == "W" else 1))
    months = moment.year * 12 + moment.month - 1 + number * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def rank(end):
    """Ends in the order of how much they give."""
    if end == NONE:
        return datetime(1, 1, 1, tzinfo=UTC)
    return FAR if end == FOREVER else end


def access(end, now):
    """What an end is worth at that moment: a row whose end has passed is as good as none."""
    return NONE if end != FOREVER and rank(end) <= now else end


def rank_in_row(reason):
    """The later end first; of two rows with the same end the one that gives more."""
    began, _ = reason.row()
    return reason.end, began.day


@dataclass
class Reason:
    asked: datetime
    order: int
    length: str | None = None  # its end is yet to be fixed
    end: object = None
    ended_by: int | None = None
    months: tuple | None = None  # of a row up to here: the moment it began, and how many they are

    def row(self):
        """The row that months bought on top go on with."""
        return self.months or (self.end, 0)

    def fix(self, after):
        """Fix the end of what was bought, on top of the reason `after` if that lasts until then."""
        goes_on = after is not None and after.end >= self.asked
        start = after.end if goes_on else self.asked
        number, unit = int(self.length[:-1]), self.length[-1]
        if unit in "DW":
            self.end, self.months = plus(start, self.length), None
            return
        began, before = after.row() if goes_on else (start, 0)
        total = before + number * (12 if unit == "Y" else 1)
        self.end, self.months = plus(began, f"{total}M"), (began, total)


@dataclass
class Removal:
    """A `set` or `revoke`: whether it took anything, which alone has a button, and was put back."""

    order: int
    asked: datetime
    took: bool
    is_undone: bool = False


@dataclass
class Person:
    """One person's access to one script."""

    reasons: list = field(default_factory=list)
    removals: list = field(default_factory=list)
    by_hand: object = None  # what somebody made of it on TradingView since the last order
    last: int = 0  # the last order

    def active(self):
        return [reason for reason in self.reasons if reason.ended_by is None]

    def paid(self):
        """The most of what is fixed by now."""
        fixed = [reason.end for reason in self.active() if reason.end is not None]
        return max(fixed, key=rank, default=NONE)

    def fix(self):
        """Everything was carried out: what was bought has its end for good."""
        dated = [reason for reason in self.active() if reason.end not in (None, FOREVER)]
        latest = max(dated, key=rank_in_row, default=None)
        for reason in sorted(self.active(), key=lambda each: (each.asked, each.order)):
            if reason.end is None:
                reason.fix(latest)
                latest = reason

    def expected(self):
        """What TradingView must show once everything was carried out; fixes it."""
        self.fix()
        return self.paid() if self.by_hand is None else self.by_hand

    # Orders, as they were recorded

    def grant(self, order, asked, length):
        self._keep_by_hand(asked)
        end = FOREVER if length == "L" else None
        self.reasons.append(Reason(asked, order, None if end else length, end))
        self.last = order

    def set(self, order, asked, end):
        self._end_all(order, asked, end)
        self.reasons.append(Reason(asked, order, end=end))

    def revoke(self, order, asked):
        self._end_all(order, asked, NONE)

    def may_put_back(self, removal, now):
        later = [each for each in self.removals if each.order > removal.order]
        return now - removal.asked <= PUT_BACK and all(each.is_undone for each in later)

    def put_back(self, order, removal, asked):
        removal.is_undone = True
        for reason in self.reasons:
            if reason.ended_by == removal.order:
                reason.ended_by = None
            elif reason.ended_by is None and reason.length and reason.asked >= removal.asked:
                reason.end = None  # bought since: it goes on top
            if reason.order == removal.order:
                reason.ended_by = order
        self._keep_by_hand(asked)
        self.last = order

    def _end_all(self, order, asked, end):
        bought = any(reason.end is None for reason in self.active())
        before = access(max(self.paid(), self.by_hand or NONE, key=rank), asked)
        took = rank(before) > rank(end) or (bought and end == NONE)
        if self.by_hand is not None and access(self.by_hand, asked) != NONE:
            self.reasons.append(Reason(asked, 0, end=self.by_hand))
        self.by_hand = None
        for reason in self.active():
            reason.ended_by = order
        self.removals.append(Removal(order, asked, took))
        self.last = order

    def _keep_by_hand(self, asked):
        """What somebody gave by hand counts when it is more than what was paid."""
        given, self.by_hand = self.by_hand, None
        if given is not None and access(given, asked) != NONE and rank(given) > rank(self.paid()):
            self.reasons.append(Reason(asked, 0, end=given))
