"""The table of the roles that members have because they hold a product."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table

from bot.store.kinds import HolderRoleState
from bot.store.tables.columns import OneOf, UtcDateTime, metadata, one_of

holder_role = Table(
    "holder_role",  # what was done about it; what is to be done follows from the purchases
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", OneOf(HolderRoleState), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    one_of("state", HolderRoleState),
)
