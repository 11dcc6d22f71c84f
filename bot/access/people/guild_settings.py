"""A Discord server's own settings: who is staff, where the log goes, what is still to be set up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.claims import record_claims
from bot.access.people.settings_errors import RoleNotSet, RoleProblem, RoleUnusable
from bot.access.request import RequestContext
from bot.store.catalogue import guilds, products, scripts
from bot.store.catalogue.guilds import Roles
from bot.store.engine.database import Database
from bot.store.kinds import OrderState, PermissionState, RoleLevel
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.people import claims
from bot.store.records import Actor, Product, Script, Untaken
from bot.store.sweeps import drift, sweeps

_NO_ROLES: Roles = dict.fromkeys(RoleLevel, frozenset())


@dataclass(frozen=True, slots=True)
class ProofLeft:
    """Whom a proof gave access that was not taken away yet; it ends by itself."""

    username: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Setup:
    """How far a server is: the steps in the order in which they make sense."""

    staff: frozenset[int]
    manager: frozenset[int]
    log_channel_id: int | None
    login: LoginState
    account: str | None  # the TradingView name, when it is known
    scripts: int
    claims: int  # requests that wait for staff
    untaken: Untaken  # who has access on TradingView and was not taken over yet
    unread: tuple[Script, ...]  # scripts whose list was never read in full, so nobody knows
    role_troubles: tuple[Product, ...] = ()  # whose role cannot be given to its holders
    proven_at: datetime | None = None  # when TradingView first showed what was ordered here
    tester: ProofLeft | None = None  # who still has the access of a proof that did not end
    log_is_closed: bool = False  # Discord refused what was written there, and does not say why


@dataclass(frozen=True, slots=True)
class Making:
    """What is being made in Discord by one press, and what is ours there: whatever is younger than that.

    Both are ids of Discord's, which grow with time: the press that began it was followed by what it made.
    """

    role_after: int | None  # None: no role is made
    channel_after: int | None


class GuildSettings:
    """Keeps the settings, and in memory the roles that every check needs at once.

    What is in `on_change` is called with the server's id after the bot joined or left it.
    """

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._roles: dict[int, Roles] = {}
        self.on_change: list[Callable[[int], None]] = []

    async def open(self) -> None:
        """Load the roles; once, before anybody asks."""
        async with self._database.read() as connection:
            known = await guilds.listed(connection, left=True)
            self._roles |= await guilds.roles_of(connection, [guild.id for guild in known])

    def level_roles(self, guild_id: int) -> Roles:
        """Return the ids of the roles under `staff` and `manager`, without waiting."""
        return self._roles.get(guild_id, _NO_ROLES)

    async def add_role(self, request: RequestContext, role_id: int, level: RoleLevel) -> bool:
        """Give a role the level `staff` or `manager`; False when it had it already.

        Raises RoleUnusable for a role that is given to the holders of a product.
        """
        async with self._database.write() as connection:
            known = await products.listed(connection, request.guild_id, archived=True)
            if role_id in {product.role_id for product in known}:
                raise RoleUnusable(RoleProblem.PRODUCTS)
            await guilds.ensure(connection, request.guild_id, request.at)
            if not await guilds.add_role(connection, request.guild_id, role_id, level):
                return False
            await events.record(
                connection,
                request.guild_id,
                request.at,
                f"setup_{level}",
                actor=request.actor,
                after={"role_id": str(role_id)},
            )
            roles = await guilds.roles(connection, request.guild_id)
        self._roles[request.guild_id] = roles
        return True

    async def remove_role(self, request: RequestContext, role_id: int, level: RoleLevel) -> None:
        """Take the level from a role. Raises RoleNotSet."""
        await self._remove_role(request.guild_id, role_id, level, request.member_id, request.at)

    async def forget_role(self, guild_id: int, role_id: int) -> None:
        """Forget a role that was deleted in Discord; harmless when it had no level."""
        for level, ids in self.level_roles(guild_id).items():
            if role_id in ids:
                await self._remove_role(guild_id, role_id, level, None, clock.now())

    async def _remove_role(
        self, guild_id: int, role_id: int, level: RoleLevel, by: int | None, at: datetime
    ) -> None:
        async with self._database.write() as connection:
            if not await guilds.remove_role(connection, guild_id, role_id, level):
                raise RoleNotSet(role_id)
            await events.record(
                connection,
                guild_id,
                at,
                f"setup_{level}",
                actor=Actor.of(by),
                before={"role_id": str(role_id)},
            )
            roles = await guilds.roles(connection, guild_id)
        self._roles[guild_id] = roles

    async def set_log_channel(self, request: RequestContext, channel_id: int) -> None:
        """Set where history lines go from now on; requests that wait are asked there again."""
        async with self._database.write() as connection:
            guild = await guilds.ensure(connection, request.guild_id, request.at)
            if guild.log_channel_id == channel_id:
                return
            if guild.log_channel_id is None:
                newest = await guilds.last_event(connection, request.guild_id)
                await guilds.set_posted(connection, request.guild_id, newest)
            await guilds.set_log_channel(connection, request.guild_id, channel_id)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "setup_log",
                actor=request.actor,
                before=None
                if guild.log_channel_id is None
                else {"channel_id": str(guild.log_channel_id)},
                after={"channel_id": str(channel_id)},
            )
            waiting = await claims.waiting(connection, request.guild_id)
            await record_claims(connection, waiting)

    async def begin_making(
        self, request: RequestContext, press_id: int, *, role: bool, channel: bool
    ) -> Making:
        """Note that a role for staff, or a log channel, is about to be made, before Discord is asked for it.

        One that was begun before and not noted as made since, as after a crash, goes on from there.
        """
        async with self._database.write() as connection:
            await guilds.ensure(connection, request.guild_id, request.at)

            async def begun(part: str, done: str) -> int | None:
                actions = ("setup_quick", done)
                last = await events.newest(connection, request.guild_id, actions)
                if last is None or last.action == done or not isinstance(last.after, dict):
                    return None
                return int(last.after[part]) if last.after.get(part) else None

            before = Making(
                await begun("role_after", "setup_staff") if role else None,
                await begun("channel_after", "setup_log") if channel else None,
            )
            making = Making(
                (before.role_after or press_id) if role else None,
                (before.channel_after or press_id) if channel else None,
            )
            if making != before:
                await events.record(
                    connection,
                    request.guild_id,
                    request.at,
                    "setup_quick",
                    actor=request.actor,
                    after={
                        "role_after": making.role_after and str(making.role_after),
                        "channel_after": making.channel_after and str(making.channel_after),
                    },
                )
        return making

    async def setup(self, guild_id: int) -> Setup:
        """Return how far that server is."""
        session = await self._sessions.of(guild_id)
        login = await self._sessions.status(guild_id)
        async with self._database.read() as connection:
            guild = await guilds.by_id(connection, guild_id)
            listed = await scripts.listed(connection, guild_id)
            ids = [script.id for script in listed]
            read = await sweeps.last_of(connection, ids)
            return Setup(
                staff=self.level_roles(guild_id)[RoleLevel.STAFF],
                manager=self.level_roles(guild_id)[RoleLevel.MANAGER],
                log_channel_id=None if guild is None else guild.log_channel_id,
                login=session.state,
                account=login.username,
                scripts=len(listed),
                claims=len(await claims.waiting(connection, guild_id)),
                untaken=await drift.untaken(connection, ids, clock.now()),
                unread=tuple(script for script in listed if script.id not in read),
                role_troubles=tuple(
                    product
                    for product in await products.listed(connection, guild_id, archived=True)
                    if product.role_trouble is not None and product.role_id is not None
                ),
                proven_at=await _proven_at(connection, guild_id),
                tester=await _tester(connection, guild_id),
                log_is_closed=guild is not None and guild.log_closed_at is not None,
            )

    async def is_proven(self, guild_id: int) -> bool:
        """Return whether TradingView ever showed what was ordered in that server."""
        async with self._database.read() as connection:
            return await _proven_at(connection, guild_id) is not None

    # What the Discord client tells and asks

    async def joined(self, guild_id: int) -> None:
        """Record that the bot is there, so that a paused queue goes on. Harmless when repeated."""
        async with self._database.read() as connection:
            guild = await guilds.by_id(connection, guild_id)
        if guild is not None and guild.left_at is None:
            return
        now = clock.now()
        async with self._database.write() as connection:
            await guilds.ensure(connection, guild_id, now)
            await guilds.set_left(connection, guild_id, None)
            await events.record(connection, guild_id, now, "joined")
        self._tell(guild_id)

    async def left(self, guild_id: int) -> None:
        """Record that the bot was removed: the queue pauses, the data stays. Harmless when repeated."""
        now = clock.now()
        async with self._database.write() as connection:
            guild = await guilds.by_id(connection, guild_id)
            if guild is None or guild.left_at is not None:
                return
            await guilds.set_left(connection, guild_id, now)
            # Registered commands went with the bot.
            await guilds.set_commands_digest(connection, [guild_id], None)
            await events.record(connection, guild_id, now, "left")
        self._tell(guild_id)

    async def known(self) -> set[int]:
        """Return the servers where the bot was, as far as the database knows, without those that it left."""
        async with self._database.read() as connection:
            return {guild.id for guild in await guilds.listed(connection)}

    async def has_left(self, guild_id: int) -> bool:
        """Return whether the bot was removed from that server."""
        async with self._database.read() as connection:
            return guild_id in await guilds.left_ids(connection)

    async def command_digests(self) -> Mapping[int, str | None]:
        """Return which form of the commands was last registered for each server."""
        async with self._database.read() as connection:
            return {guild.id: guild.commands_digest for guild in await guilds.listed(connection)}

    async def remember_commands(self, guild_ids: Iterable[int], digest: str | None) -> None:
        """Keep which form is registered now."""
        async with self._database.write() as connection:
            await guilds.set_commands_digest(connection, guild_ids, digest)

    def _tell(self, guild_id: int) -> None:
        for tell in self.on_change:
            tell(guild_id)


async def _proven_at(connection: AsyncConnection, guild_id: int) -> datetime | None:
    """Return when the first order was done and read back, or a proof held; None before either."""
    if first := await orders.first_done_at(connection, guild_id):
        return first
    proof = await events.newest(connection, guild_id, ("proof_done",))  # its tester was forgotten
    return None if proof is None else proof.at


async def _tester(connection: AsyncConnection, guild_id: int) -> ProofLeft | None:
    """Return who has what the last proof gave; None where it was taken away, or has ended."""
    last = await events.newest(connection, guild_id, ("proof_begun", "proof_done"))
    if last is None or last.action == "proof_done" or last.order_id is None:
        return None
    given = await orders.by_id(connection, last.order_id)
    if given is None or given.entitlement_id is None:
        return None
    reason = await entitlements.by_id(connection, given.entitlement_id)
    permission = await permissions.by_id(connection, given.permission_id)
    if reason.ends_at is None or reason.ends_at <= clock.now():
        return None
    # What was ordered back stands on TradingView until that order is done.
    stands = given.state is OrderState.DONE and permission.state is not PermissionState.DONE
    if reason.ended_at is not None and not stands:
        return None
    return ProofLeft(permission.username, reason.ends_at)
