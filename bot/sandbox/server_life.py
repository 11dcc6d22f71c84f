"""What happens in the server by hand of its owner, its other bots and its members: roles, comings, goings."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.discord import Member, RefusedError, Role, User
from bot.sandbox.shop import Cast, Shop

Json = dict[str, Any]

_NAME_LENGTH = 32
_ROLE_LENGTH = 100
_BITS_LENGTH = 19


class ServerLife:
    """Carries out what somebody on the page lets happen; RefusedError says what Discord would not do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._discord = shop.discord
        self._deeds: dict[str, Callable[[Json], Cast | None]] = {
            "give": lambda body: self._change_role(body, gives=True),
            "take": lambda body: self._change_role(body, gives=False),
            "boost": self._boost,
            "dms": self._dms,
            "leave": self._leave,
            "ban": self._ban,
            "unban": self._unban,
            "return": self._come_back,
            "join": self._join,
            "make_role": self._make_role,
            "drag_role": self._drag_role,
            "delete_role": self._delete_role,
            "intent": self._intent,
            "authorize": self._authorize,
        }

    def do(self, body: Json) -> Cast | None:
        """Let one thing happen; the person who is new here, when somebody is."""
        deed = self._deeds.get(str(body["do"]))
        if deed is None:
            raise ValueError(f"what can happen: {', '.join(self._deeds)}")
        return deed(body)

    # Members

    def _change_role(self, body: Json, *, gives: bool) -> None:
        member, role = self._member(body), self._role(body)
        if role.managed:
            raise RefusedError("Discord alone gives and takes that role")
        changes = self._discord.changes
        change = changes.give_role if gives else changes.take_role
        change(self._shop.guild, member, role)

    def _boost(self, body: Json) -> None:
        member, boosts = self._member(body), _flag(body, "on")
        self._discord.changes.set_boost(self._shop.guild, member, boosts=boosts)

    def _dms(self, body: Json) -> None:
        self._discord.changes.set_dms(self._user(body), are_open=_flag(body, "on"))

    def _leave(self, body: Json) -> None:
        self._discord.remove_member(self._shop.guild, self._going(body))

    def _ban(self, body: Json) -> None:
        self._discord.ban(self._shop.guild, self._going(body))

    def _unban(self, body: Json) -> None:
        self._discord.unban(self._shop.guild, self._user(body))

    def _come_back(self, body: Json) -> None:
        user = self._user(body)
        if user.id in self._shop.guild.members:
            raise RefusedError("they are in the server")
        self._discord.add_member(self._shop.guild, user)

    def _join(self, body: Json) -> Cast:
        """Let a new buyer in, who is on TradingView too, under a name like theirs."""
        name = _typed(body, _NAME_LENGTH)
        handle = self._free_handle(name)
        user = self._discord.add_user(handle, display_name=name)
        username = f"{handle}_trades"
        world = self._shop.tradingview.world
        if world.find_user(username) is None:
            world.add_user(username)
        newcomer = Cast(user, "buyer", "just joined", username)
        self._shop.newcomers.append(newcomer)
        self._discord.add_member(self._shop.guild, user)
        return newcomer

    def _free_handle(self, name: str) -> str:
        start = re.sub(r"[^a-z0-9_]+", "_", name.casefold()).strip("_")[:16] or "member"
        taken = {each.name for each in self._discord.world.users.values()}
        numbered = (f"{start}{number}" for number in range(2, len(taken) + 3))
        return next(each for each in (start, *numbered) if each not in taken)

    # Roles, and what the bot may hear

    def _make_role(self, body: Json) -> None:
        """Make a role as Discord does, below all others, so that the bot may give it."""
        role = self._discord.add_role(self._shop.guild, _typed(body, _ROLE_LENGTH))
        self._discord.drag_role(self._shop.guild, role, to_top=False)

    def _drag_role(self, body: Json) -> None:
        self._discord.drag_role(self._shop.guild, self._role(body), to_top=_flag(body, "top"))

    def _delete_role(self, body: Json) -> None:
        role = self._role(body)
        if role.managed:
            raise RefusedError("Discord alone deletes that role")
        self._discord.delete_role(self._shop.guild, role)

    def _intent(self, body: Json) -> None:
        self._discord.allow_members_intent(allowed=_flag(body, "on"))

    def _authorize(self, body: Json) -> None:
        """Do what Discord's page behind an invite link does: let the bot in, or change its rights."""
        bits = _bits(body)
        guild, discord = self._shop.guild, self._discord
        if discord.bot.id in guild.members:
            discord.change_role(guild, discord.bot_role(guild), permissions=bits)
        else:
            discord.invite_bot(guild, bot_permissions=bits)

    # Finding things again

    def _user(self, body: Json) -> User:
        for each in self._shop.everybody:
            if str(each.user.id) == body["member"]:
                return each.user
        raise RefusedError("nobody here is called that")

    def _going(self, body: Json) -> User:
        user = self._user(body)
        if user is self._shop.owner:
            raise RefusedError("the owner cannot leave their own server")
        return user

    def _member(self, body: Json) -> Member:
        member = self._shop.guild.members.get(self._user(body).id)
        if member is None:
            raise RefusedError("they are not in the server")
        return member

    def _role(self, body: Json) -> Role:
        guild = self._shop.guild
        for role in guild.roles.values():
            if str(role.id) == body["role"] and role is not guild.everyone:
                return role
        raise RefusedError("that role is gone")


def _flag(body: Json, name: str) -> bool:
    if not isinstance(body[name], bool):
        raise TypeError(f"{name} is true or false")
    return bool(body[name])


def _bits(body: Json) -> int:
    text = str(body["permissions"])
    if not (text.isascii() and text.isdigit() and len(text) <= _BITS_LENGTH):
        raise ValueError("permissions is a number")
    return int(text)


def _typed(body: Json, longest: int) -> str:
    text = " ".join(str(body["name"]).split())
    if not 0 < len(text) <= longest:
        raise RefusedError(f"a name has 1 to {longest} characters")
    return text
