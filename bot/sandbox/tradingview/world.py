"""What this TradingView knows: people, vendors, scripts, who has access, and who is logged in."""

import base64
import itertools
import secrets
import string
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

# Plans whose holders may manage access (wire §16).
PLANS_WITH_ACCESS = frozenset({"premium", "ultimate"})
PRIVATE_SCRIPT_USERS = 5
# Older changes than this are never asked for: the read delay ends well before.
KEEP_CHANGES = timedelta(minutes=5)
# Older pairs of a rotated session are forgotten, so that a sandbox can run for weeks.
KEEP_PAIRS = 20


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(eq=False)
class User:
    """One TradingView user; the id stays when the name changes."""

    id: int
    username: str
    inactive: bool = False
    deleted: bool = False
    about: str = ""  # what the user wrote on the page that everybody sees


@dataclass(eq=False)
class Vendor:
    """An account that publishes scripts; only some plans may manage access (wire §16)."""

    user: User
    plan: str = "premium"
    password: str = field(default="open sesame", repr=False)
    code: str = field(default="042137", repr=False)  # what the authenticator app shows

    @property
    def may_manage(self) -> bool:
        return self.plan in PLANS_WITH_ACCESS


@dataclass(frozen=True)
class Grant:
    """One row of a script's list; `end` is aware UTC, None stands for lifetime."""

    user: User
    end: datetime | None
    created: datetime
    serial: int

    @property
    def username(self) -> str:
        return self.user.username

    def is_live(self, now: datetime) -> bool:
        return self.end is None or self.end > now


@dataclass(frozen=True)
class Change:
    """A write that slow readers do not see yet."""

    at: datetime
    user_id: int
    before: Grant | None


@dataclass(eq=False)
class Script:
    """One invite-only publication; `forbidden` refuses its vendor while the session lives."""

    pine_id: str
    title: str
    owner: Vendor
    private: bool = False
    forbidden: bool = False
    access: str = "invite_only"  # or open_no_auth, protected: such have no list of people
    grants: dict[int, Grant] = field(default_factory=dict)
    changes: deque[Change] = field(default_factory=deque)

    def put(self, user_id: int, grant: Grant | None, at: datetime) -> None:
        """Write one row, or take it away with None; slow readers see it later."""
        while self.changes and self.changes[0].at <= at - KEEP_CHANGES:
            self.changes.popleft()
        self.changes.append(Change(at, user_id, self.grants.get(user_id)))
        self._store(user_id, grant)

    def seed(self, user_id: int, grant: Grant | None) -> None:
        """Write one row as if it had been so for long."""
        self.changes = deque(change for change in self.changes if change.user_id != user_id)
        self._store(user_id, grant)

    def as_of(self, moment: datetime) -> list[Grant]:
        """The rows as they were then, in no particular order."""
        rows = dict(self.grants)
        for change in reversed(self.changes):
            if change.at <= moment:
                break
            if change.before is None:
                rows.pop(change.user_id, None)
            else:
                rows[change.user_id] = change.before
        return list(rows.values())

    def _store(self, user_id: int, grant: Grant | None) -> None:
        if grant is None:
            self.grants.pop(user_id, None)
        else:
            self.grants[user_id] = grant


@dataclass(eq=False)
class Session:
    """One login; after a rotation it answers to more than one cookie pair."""

    vendor: Vendor
    pairs: list[tuple[str, str | None]] = field(repr=False)
    alive: bool = True
    suspended: bool = False

    def accepts(self, sessionid: str, sign: str | None, *, sign_required: bool) -> bool:
        """Whether these cookies are this login's; a missing sign passes only when none is required."""
        if not self.alive or self.suspended:
            return False
        for known_id, known_sign in self.pairs:
            if known_id == sessionid:
                if sign is None:
                    return known_sign is None or not sign_required
                return sign == known_sign
        return False


class World:
    """Everything the stand-in holds, with the ways for a test or the page to arrange it."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._user_ids = itertools.count(1001)
        self._serials = itertools.count(1)
        self.users: list[User] = []
        self._by_name: dict[str, User] = {}
        self.vendors: list[Vendor] = []
        self.scripts: dict[str, Script] = {}
        self.sessions: list[Session] = []
        # Half signed in: the password was right, the second factor is still to come.
        self.halfway: dict[str, Vendor] = {}

    def add_user(self, username: str, *, inactive: bool = False) -> User:
        """A new user; ValueError when the name is taken in any case."""
        if self.find_user(username) is not None:
            raise ValueError(f"{username} exists already")
        user = User(next(self._user_ids), username, inactive=inactive)
        self.users.append(user)
        self._by_name[username.casefold()] = user
        return user

    def find_user(self, username: str, *, case_sensitive: bool = False) -> User | None:
        user = self._by_name.get(username.casefold())
        if user is None or (case_sensitive and user.username != username):
            return None
        return user

    def rename_user(self, user: User, username: str) -> None:
        """The name changes, the id and every row stay (wire §17, 21)."""
        other = self.find_user(username)
        if other is not None and other is not user:
            raise ValueError(f"{username} exists already")
        self._by_name.pop(user.username.casefold(), None)
        self._by_name[username.casefold()] = user
        user.username = username

    def delete_user(self, user: User) -> None:
        """Gone from the hints and for writes; rows stay in the lists (wire §8)."""
        user.deleted = True
        self._by_name.pop(user.username.casefold(), None)

    def add_vendor(self, user: "User | str", plan: str = "premium") -> Vendor:
        owner = self.add_user(user) if isinstance(user, str) else user
        vendor = Vendor(owner, plan)
        self.vendors.append(vendor)
        return vendor

    def add_script(
        self,
        vendor: Vendor,
        pine_id: str | None = None,
        title: str = "Trend Finder",
        *,
        private: bool = False,
        access: str = "invite_only",
    ) -> Script:
        """A new script; ValueError when the pine id is taken."""
        pine_id = pine_id or "PUB;" + secrets.token_hex(16)
        if pine_id in self.scripts:
            raise ValueError(f"{pine_id} exists already")
        script = Script(pine_id, title, vendor, private=private, access=access)
        self.scripts[pine_id] = script
        return script

    def open_session(self, vendor: Vendor, *, signed: bool = True) -> tuple[str, str | None]:
        """Log in; returns sessionid and sessionid_sign (None for a login without one)."""
        pair = _cookie_pair(signed=signed)
        self.sessions.append(Session(vendor, [pair]))
        return pair

    def find_vendor(self, username: str) -> Vendor | None:
        """The account that signs in under that name, in any case."""
        return next(
            (
                vendor
                for vendor in self.vendors
                if vendor.user.username.casefold() == username.casefold()
            ),
            None,
        )

    def open_halfway(self, vendor: Vendor) -> tuple[str, str | None]:
        """Provisional cookies, good for the second factor only (wire §9)."""
        pair = _cookie_pair(signed=True)
        self.halfway[pair[0]] = vendor
        return pair

    def find_session(
        self, sessionid: str, sign: str | None, *, sign_required: bool
    ) -> Session | None:
        for session in self.sessions:
            if session.accepts(sessionid, sign, sign_required=sign_required):
                return session
        return None

    def rotate_session(self, session: Session, *, keep_old: bool) -> tuple[str, str | None]:
        """Give the login a new cookie pair; the old one goes on working when `keep_old`."""
        pair = _cookie_pair(signed=True)
        session.pairs = [*session.pairs[-KEEP_PAIRS:], pair] if keep_old else [pair]
        return pair

    def end_session(self, sessionid: str) -> None:
        for session in self.sessions:
            if any(known_id == sessionid for known_id, _ in session.pairs):
                session.alive = False

    def end_all_sessions(self) -> None:
        for session in self.sessions:
            session.alive = False

    def suspend_sessions(self, *, suspended: bool) -> None:
        """End every present login in a way that can be taken back."""
        for session in self.sessions:
            session.suspended = suspended

    def grant(
        self,
        pine_id: str,
        username: str,
        end: datetime | None = None,
        *,
        created: datetime | None = None,
    ) -> Grant:
        """Arrange a row (the user is made when unknown); `end` None stands for lifetime."""
        user = self.find_user(username) or self.add_user(username)
        grant = self.new_grant(user, end, created=created)
        self.scripts[pine_id].seed(user.id, grant)
        return grant

    def new_grant(
        self, user: User, end: datetime | None, *, created: datetime | None = None
    ) -> Grant:
        return Grant(user, end, created or self._now(), next(self._serials))

    def with_end(self, grant: Grant, end: datetime | None) -> Grant:
        return replace(grant, end=end)

    def revoke(self, pine_id: str, username: str) -> None:
        """Arrange that there is no row."""
        row = self.row(pine_id, username)
        if row is not None:
            self.scripts[pine_id].seed(row.user.id, None)

    def row(self, pine_id: str, username: str) -> Grant | None:
        """The true row of that person, whatever the switches show to readers; any case."""
        user = self.find_user(username)
        if user is not None:
            return self.scripts[pine_id].grants.get(user.id)
        # Somebody deleted may still have one.
        for grant in self.scripts[pine_id].grants.values():
            if grant.username.casefold() == username.casefold():
                return grant
        return None

    def rows(self, pine_id: str) -> list[Grant]:
        """All true rows, in the order of their making."""
        return sorted(self.scripts[pine_id].grants.values(), key=lambda grant: grant.serial)

    def has_access(self, pine_id: str, username: str) -> bool:
        """A row alone is not access: its end must lie ahead (wire §5)."""
        row = self.row(pine_id, username)
        return row is not None and row.is_live(self._now())

    def owned_by(self, vendor: Vendor) -> Iterator[Script]:
        return (script for script in self.scripts.values() if script.owner is vendor)


def _cookie_pair(*, signed: bool) -> tuple[str, str | None]:
    """Cookies of the documented shapes (wire §2)."""
    alphabet = string.ascii_lowercase + string.digits
    sessionid = "".join(secrets.choice(alphabet) for _ in range(32))
    sign = "v3:" + base64.b64encode(secrets.token_bytes(32)).decode() if signed else None
    return sessionid, sign
