"""Gives the holders of a product its role in Discord, and takes it when the last purchase ended."""

import asyncio
import logging

import discord

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.orders.holder_roles import HolderRoles
from bot.jobs import Jobs
from bot.notifications.backoff import Backoff
from bot.notifications.trouble import (
    GROUND,
    NO_SUCH_MEMBER,
    NO_SUCH_SERVER,
    TROUBLE,
    Blockade,
    code_of,
    in_short,
)
from bot.store.kinds import HolderRoleState, RoleTrouble
from bot.store.records import HolderRole, Product

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds between looks when nothing wakes it
PACE = 1.0  # seconds between two changes: Discord takes ten in ten seconds
_REASON = "Holds a product"  # in the audit log of the server
_NO_SUCH_ROLE = 10011
_GONE = NO_SUCH_MEMBER | {NO_SUCH_SERVER}


class HolderRoleGiver:
    """Repeats each change until Discord took it; what fails waits longer each time, and holds up no other."""

    def __init__(
        self,
        client: discord.Client,
        holder_roles: HolderRoles,
        notifier: Notifier,
        blockade: Blockade,
        jobs: Jobs,
    ) -> None:
        self._client = client
        self._holder_roles = holder_roles
        self._notifier = notifier
        self._blockade = blockade
        self._jobs = jobs
        self._woken = asyncio.Event()
        self._backoff: Backoff[HolderRole] = Backoff()

    def start(self) -> None:
        """Begin to give and take until the jobs end. Call it when the client is logged in."""
        self._notifier.listeners.append(self._woken.set)
        _ = self._jobs.spawn(self._run(), "roles of holders")

    def trouble_of(self, product: Product) -> RoleTrouble | None:
        """Return why the role of a product cannot be given, where that is known."""
        if product.role_id is None:
            return None
        return self.trouble(product.guild_id, product.role_id)

    def trouble(self, guild_id: int, role_id: int) -> RoleTrouble | None:
        """Return why a role cannot be given, as far as Discord has told; Discord's 50013 does not say."""
        server = self._client.get_guild(guild_id)
        if server is None or server.unavailable:
            return None
        role = server.get_role(role_id)
        if role is None:
            return RoleTrouble.DELETED
        if role.managed:
            return RoleTrouble.MANAGED
        if not server.me.guild_permissions.manage_roles:
            return RoleTrouble.RIGHT
        return RoleTrouble.ORDER if role >= server.me.top_role else None

    async def came_back(self, guild_id: int, member_id: int) -> None:
        """Give a member who joined the roles of what they hold."""
        await self._holder_roles.came_back(guild_id, member_id)
        self._woken.set()

    async def _run(self) -> None:
        while not self._client.is_closed():
            self._woken.clear()
            if self._client.is_ready() and not self._blockade.left():
                try:
                    await self.look()
                except GROUND as error:
                    log.info("giving roles to holders waits (%s)", in_short(error))
                except Exception:  # the next round goes on
                    log.exception("giving roles to holders failed; again in %s s", EVERY)
            await clock.set_within(EVERY, self._woken)

    async def look(self) -> None:
        """Give and take what is due."""
        await self._holder_roles.look_again()
        closed = await self._troubled()
        while await self._some(closed):
            pass

    async def _troubled(self) -> set[tuple[int, int]]:
        """Return the roles that cannot be given or taken now, and note why."""
        closed = set()
        for product in await self._holder_roles.products():
            if self._client.get_guild(product.guild_id) is None or product.role_id is None:
                closed.add((product.guild_id, product.role_id or 0))
                continue
            trouble = self.trouble(product.guild_id, product.role_id)
            await self._holder_roles.note(product, trouble)
            if trouble is not None:
                closed.add((product.guild_id, product.role_id))
        return closed

    async def _some(self, closed: set[tuple[int, int]]) -> bool:
        """Make some changes; return whether more may be due."""
        off = len(self._backoff.put_off())
        take = await self._holder_roles.to_take(closed, off)
        give = await self._holder_roles.to_give(closed, off)
        took = [each for each in take if self._is_due(each)]
        gave = [each for each in give if self._is_due(each)]
        changes = [(self._take, each) for each in took] + [(self._give, each) for each in gave]
        for change, wished in changes:
            try:
                await change(wished)
            except TROUBLE as error:
                if self._blockade.note(error) is not None:
                    return False
                pause = self._backoff.failed(wished)
                log.warning(
                    "role %s of member %s in server %s: again in %s s (%s)",
                    wished.role_id, wished.member_id, wished.guild_id, pause, in_short(error),
                )  # fmt: skip
            else:
                self._backoff.done(wished)
            await clock.sleep(PACE)
        return bool(changes)

    def _is_due(self, wished: HolderRole) -> bool:
        is_there = self._client.get_guild(wished.guild_id) is not None
        return is_there and not self._backoff.is_put_off(wished)

    async def _give(self, wished: HolderRole) -> None:
        """Give a role; whoever had it before keeps it for ever, as it is not from Usher."""
        try:
            if wished.state is None:
                data = await self._client.http.get_member(wished.guild_id, wished.member_id)
                if str(wished.role_id) in data["roles"]:
                    await self._holder_roles.keep(wished, HolderRoleState.THEIRS)
                    return
                await self._holder_roles.keep(wished, HolderRoleState.GIVING)
            await self._client.http.add_role(
                wished.guild_id, wished.member_id, wished.role_id, reason=_REASON
            )
        except discord.HTTPException as error:
            if code_of(error) not in _GONE:
                raise
            await self._holder_roles.keep(wished, HolderRoleState.GONE)
        else:
            await self._holder_roles.keep(wished, HolderRoleState.GIVEN)

    async def _take(self, wished: HolderRole) -> None:
        """Take a role that Usher gave; a member who left has none."""
        if wished.state in (HolderRoleState.GIVEN, HolderRoleState.GIVING):
            try:
                await self._client.http.remove_role(
                    wished.guild_id, wished.member_id, wished.role_id, reason="Holds it no more"
                )
            except discord.HTTPException as error:
                if code_of(error) not in {*_GONE, _NO_SUCH_ROLE}:
                    raise
        await self._holder_roles.drop(wished)
