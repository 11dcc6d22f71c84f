"""Which members should have the role of a product, and which got it from Usher."""

from collections.abc import Collection
from datetime import timedelta

from bot import clock
from bot.store.catalogue import products
from bot.store.engine.database import Database
from bot.store.kinds import HolderRoleState, RoleTrouble
from bot.store.ledger import events, holder_roles
from bot.store.records import HolderRole, Product

AT_ONCE = 25
LOOK_AGAIN = timedelta(days=1)  # for whoever was not in the server

Roles = Collection[tuple[int, int]]  # pairs of a server and a role


class HolderRoles:
    """Reads what is to be done about roles from the purchases, and keeps what was done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def products(self) -> list[Product]:
        """Return the products whose holders get a role."""
        async with self._database.read() as connection:
            return await products.with_role(connection)

    async def to_give(self, but: Roles, put_off: int = 0) -> list[HolderRole]:
        """Return some who hold a product, verified on TradingView, and were not given its role yet.

        So many more as are `put_off` by the caller: else those would be the only ones.
        """
        async with self._database.read() as connection:
            return await holder_roles.to_give(connection, clock.now(), but, AT_ONCE + put_off)

    async def to_take(self, but: Roles, put_off: int = 0) -> list[HolderRole]:
        """Return some whose last purchase of a product ended, grace days included; as `to_give`."""
        if clock.is_wrong():
            return []  # nothing ends by a clock that may be wrong
        async with self._database.read() as connection:
            return await holder_roles.to_take(connection, clock.now(), but, AT_ONCE + put_off)

    async def keep(self, wished: HolderRole, state: HolderRoleState) -> None:
        """Note what was done about a member's role."""
        async with self._database.write() as connection:
            await holder_roles.keep(connection, wished, state, clock.now())

    async def drop(self, wished: HolderRole) -> None:
        """Note that a member has the role no longer, or not from Usher."""
        async with self._database.write() as connection:
            await holder_roles.drop(connection, wished)

    async def came_back(self, guild_id: int, member_id: int) -> None:
        """Note that a member joined, and so has no role: what they hold gives them one anew."""
        async with self._database.write() as connection:
            await holder_roles.forget_member(connection, guild_id, member_id)

    async def look_again(self) -> None:
        """Look again for those who were not in the server a day ago."""
        async with self._database.write() as connection:
            await holder_roles.look_again(connection, clock.now() - LOOK_AGAIN)

    async def note(self, product: Product, trouble: RoleTrouble | None) -> None:
        """Note why a product's role cannot be given, or that it can; the log channel tells it once."""
        if product.role_trouble == trouble:
            return
        async with self._database.write() as connection:
            await products.change(connection, product.id, role_trouble=trouble)
            await events.record(
                connection,
                product.guild_id,
                clock.now(),
                "holder_role_fine" if trouble is None else "holder_role_trouble",
                product_id=product.id,
                after={"role_id": str(product.role_id), "reason": trouble},
            )
