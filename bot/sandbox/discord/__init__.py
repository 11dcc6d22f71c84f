"""A stand-in for Discord: gateway and REST on loopback sockets, and people who use it."""

from bot.sandbox.discord.interactions import Interaction, NotAnsweredError
from bot.sandbox.discord.options import RefusedError, Upload
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.server import FakeDiscord
from bot.sandbox.discord.switches import Fault, Switches
from bot.sandbox.discord.world import Channel, Guild, Member, Message, Role, User

__all__ = [
    "Channel",
    "FakeDiscord",
    "Fault",
    "Guild",
    "Interaction",
    "Member",
    "Message",
    "NotAnsweredError",
    "Person",
    "RefusedError",
    "Role",
    "Switches",
    "Upload",
    "User",
]
