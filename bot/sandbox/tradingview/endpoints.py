"""Each path of the wire: what it checks, what it answers, what it would change (wire §3-§8)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.tradingview import answers
from bot.sandbox.tradingview.answers import Answer, Outcome
from bot.sandbox.tradingview.bodies import read_date
from bot.sandbox.tradingview.calls import Call
from bot.sandbox.tradingview.listing import (
    DEFAULT_ORDER,
    BadCursorError,
    Cursor,
    in_order,
    named,
    page_of,
)
from bot.sandbox.tradingview.publishing import Showcase
from bot.sandbox.tradingview.signing import SignInDesk
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import PRIVATE_SCRIPT_USERS, Grant, Script, Session, User, World


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass
class Asked:
    """A request whose login and form have been read; `session` is None when not logged in."""

    call: Call
    session: Session | None
    origin: str
    now: datetime
    form: dict[str, str] = field(default_factory=dict, repr=False)  # secrets included
    sessionid: str = field(default="", repr=False)  # as it was sent, whatever it is worth


class Endpoints:
    """Answers for a world under its switches; changes are handed back, not made."""

    def __init__(self, world: World, switches: Switches) -> None:
        self.world = world
        self.switches = switches
        desk = SignInDesk(world, switches)
        showcase = Showcase(world, switches)
        self._by_name: dict[str, Callable[[Asked], Outcome]] = {
            "details": self.details,
            "hint": self.hint,
            "list": self.list_users,
            "add": self.add,
            "modify": self.modify,
            "remove": self.remove,
            "signin": lambda asked: desk.password(
                asked.form, asked.call.headers.get("User-Agent", "")
            ),
            "totp": lambda asked: desk.second_factor(asked.form, asked.sessionid),
            "profile": self.profile,
            "home": lambda asked: desk.home(asked.session, asked.call.path),
            "published": lambda asked: showcase.published(asked.session, asked.call),
            "scripts": lambda asked: showcase.managed(self._logged_in(asked)),
            "pubscripts": lambda asked: showcase.named(asked.session, asked.form),
        }

    def answer(self, asked: Asked) -> Outcome:
        try:
            return self._by_name[asked.call.name](asked)
        except RefusedError as refused:
            return Outcome(refused.answer)

    def profile(self, asked: Asked) -> Outcome:
        """The page that everybody sees of a user (wire §11); any case of the name leads to it."""
        user = self.world.find_user(asked.call.username)
        if user is None:
            return Outcome(answers.not_found_page())
        if self.switches.profile == "language site":
            return Outcome(answers.redirect(asked.call.path))
        return Outcome(answers.profile_page(user.username, user.about))

    def details(self, asked: Asked) -> Outcome:
        if self.switches.coins_refuse:
            raise RefusedError(self._logged_out(asked))
        session = self._logged_in(asked)
        if self.switches.coins_bare:
            return Outcome(answers.as_json(200, {}))
        username = session.vendor.user.username
        return Outcome(
            answers.as_json(
                200,
                {
                    "coins": 0,
                    "partner_fiat_balance": 0,
                    "link": f"https://www.tradingview.com/?aff_id=1&source={username}",
                    "partner_status": 0,
                    "aff_id": 1,
                    "currency": "USD",
                    "partner_type": 0,
                },
            )
        )

    def hint(self, asked: Asked) -> Outcome:
        typed = asked.call.query.get("s", "").casefold()
        hits = [
            user
            for user in self.world.users
            if typed and not user.deleted and user.username.casefold().startswith(typed)
        ]
        if self.switches.hint_hides_exact:
            hits = [user for user in hits if user.username.casefold() != typed]
        hits.sort(key=lambda user: user.username.casefold())
        shown = []
        for user in hits[: self.switches.hint_limit]:
            if self.switches.hint_has_id:
                shown.append({"id": user.id, "username": user.username, "inactive": user.inactive})
            else:
                shown.append({"username": user.username})
        return Outcome(answers.as_json(200, shown))

    def list_users(self, asked: Asked) -> Outcome:
        script = self._own_script(asked)
        cursor = self._cursor(asked)
        rows = script.as_of(asked.now - timedelta(seconds=self.switches.read_delay))
        if self.switches.prunes_expired:
            rows = [row for row in rows if row.is_live(asked.now)]
        rows = named(rows, asked.call.form.get("username", ""), self.switches)
        rows = in_order(rows, cursor.order)
        return Outcome(answers.as_json(200, page_of(rows, cursor, self.switches, asked.origin)))

    def add(self, asked: Asked) -> Outcome:
        script, user, end = self._own_script(asked), self._recipient(asked), self._end(asked)
        row = self._row(script, user, asked.now)
        if row is not None:
            return self._add_again(asked, script, row, end)
        full = script.private and len(script.grants) >= PRIVATE_SCRIPT_USERS
        if full and self.switches.sixth_user == "refuse":
            raise RefusedError(answers.forbidden())
        fresh = self.world.new_grant(user, end, created=asked.now)
        return Outcome(
            answers.status_is("ok", int(self.switches.add_status)),
            lambda: script.put(user.id, fresh, asked.now),
        )

    def _add_again(self, asked: Asked, script: Script, row: Grant, end: datetime | None) -> Outcome:
        """A row stays as it is, live or ended: the renewal that changes nothing (wire §6)."""
        match self.switches.add_existing:
            case "ok, changed":
                return Outcome(answers.status_is("ok"), self._new_end(asked, script, row, end))
            case "ok, unchanged":
                return Outcome(answers.status_is("ok"))
            case _:
                return Outcome(answers.status_is("exists"))

    def modify(self, asked: Asked) -> Outcome:
        script, user, end = self._own_script(asked), self._recipient(asked), self._end(asked)
        row = self._row(script, user, asked.now)
        if row is None:
            if self.switches.modify_absent == "ok":
                return Outcome(self._modified())
            status = int(self.switches.modify_absent)
            raise RefusedError(answers.field_error("username_recip", "User has no access.", status))
        habit = "works"
        if row.end is None and end is not None:
            habit = self.switches.lifetime_to_dated
        elif row.end is not None and end is None:
            habit = self.switches.dated_to_lifetime
        if habit == "refused":
            raise RefusedError(answers.field_error("expiration", "This change is not possible."))
        if habit == "ignored":
            return Outcome(self._modified())
        return Outcome(self._modified(), self._new_end(asked, script, row, end))

    def remove(self, asked: Asked) -> Outcome:
        script, user = self._own_script(asked), self._recipient(asked)
        if self._row(script, user, asked.now) is not None:
            return Outcome(answers.status_is("ok"), lambda: script.put(user.id, None, asked.now))
        if self.switches.remove_absent in {"404", "422"}:
            status = int(self.switches.remove_absent)
            raise RefusedError(answers.field_error("username_recip", "User has no access.", status))
        return Outcome(answers.status_is(self.switches.remove_absent))

    def _new_end(
        self, asked: Asked, script: Script, row: Grant, end: datetime | None
    ) -> Callable[[], None]:
        return lambda: script.put(row.user.id, self.world.with_end(row, end), asked.now)

    def _modified(self) -> Answer:
        match self.switches.modify_status:
            case "null":
                return answers.as_json(200, {"status": None})
            case "empty":
                return answers.as_json(200, {})
            case _:
                return answers.status_is("ok")

    def _row(self, script: Script, user: User, now: datetime) -> Grant | None:
        row = script.grants.get(user.id)
        if row is not None and self.switches.prunes_expired and not row.is_live(now):
            return None
        return row

    def _logged_out(self, asked: Asked) -> Answer:
        return answers.not_logged_in(self.switches.logged_out_answer, asked.call.path)

    def _logged_in(self, asked: Asked) -> Session:
        if asked.session is None:
            raise RefusedError(self._logged_out(asked))
        return asked.session

    def _own_script(self, asked: Asked) -> Script:
        """The script of the form; refused when not logged in, unknown, somebody else's or forbidden."""
        pine_id = asked.call.form.get("pine_id", "")
        script = self.world.scripts.get(pine_id)
        if script is None and self.switches.validates_first:
            raise RefusedError(answers.script_not_found(pine_id))
        session = self._logged_in(asked)
        if script is None or script.owner is not session.vendor:
            raise RefusedError(answers.script_not_found(pine_id))
        if self.switches.forbidden or script.forbidden or not session.vendor.may_manage:
            raise RefusedError(answers.forbidden())
        return script

    def _recipient(self, asked: Asked) -> User:
        username = asked.call.form.get("username_recip", "")
        if not username:
            raise RefusedError(answers.field_error("username_recip", "This field is required."))
        user = self.world.find_user(username, case_sensitive=self.switches.exact_spelling)
        if user is None:
            raise RefusedError(answers.user_not_found(username))
        return user

    def _end(self, asked: Asked) -> datetime | None:
        """The end as it would be stored; an absent or empty field is lifetime."""
        text = asked.call.form.get("expiration", "")
        if not text:
            return None
        try:
            end = read_date(text)
        except ValueError:
            raise RefusedError(
                answers.field_error("expiration", "Datetime has wrong format.")
            ) from None
        if end <= asked.now and self.switches.past_dates == "refuse":
            raise RefusedError(answers.field_error("expiration", "The date lies in the past."))
        match self.switches.rounding:
            case "end of day":
                return end.replace(hour=23, minute=59, second=59, microsecond=999_000)
            case "whole seconds":
                return end.replace(microsecond=0)
            case _:
                return end

    def _cursor(self, asked: Asked) -> Cursor:
        """Where to read on; offset, page and a limit in the body are ignored (wire §5)."""
        query = asked.call.query
        if "c" in query:
            try:
                return Cursor.read(query["c"])
            except BadCursorError:
                raise RefusedError(answers.as_json(404, {"detail": "Invalid cursor"})) from None
        order = query.get("order_by", DEFAULT_ORDER)
        if "limit" not in query:
            return Cursor(order, self.switches.page_size, 0, 0)
        text = query["limit"]
        # isdecimal() alone lets through digits that int() reads but nobody types.
        if not (text.isascii() and text.isdecimal()) or not (
            1 <= int(text) <= self.switches.max_limit
        ):
            raise RefusedError(answers.bad_pagination())
        return Cursor(order, int(text), 0, 0)
