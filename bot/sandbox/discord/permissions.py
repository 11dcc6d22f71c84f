"""What a member may do: Discord's permission bits and the order in which overwrites apply."""

from bot.sandbox.discord.world import Channel, Guild, Member

CREATE_INVITE = 1 << 0
KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_AUDIT_LOG = 1 << 7
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MANAGE_ROLES = 1 << 28
USE_APPLICATION_COMMANDS = 1 << 31
MODERATE_MEMBERS = 1 << 40
ALL = (1 << 53) - 1

EVERYONE = (
    CREATE_INVITE
    | ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
)
BOT = EVERYONE | MANAGE_ROLES | MANAGE_CHANNELS


def of_member(guild: Guild, member: Member) -> int:
    """The member's permissions in the guild as a whole."""
    if guild.owner is member.user:
        return ALL
    bits = guild.everyone.permissions
    for role in member.roles:
        bits |= role.permissions
    return ALL if bits & ADMINISTRATOR else bits


def in_channel(channel: Channel, member: Member) -> int:
    """The member's permissions in a channel, overwrites applied."""
    guild = channel.guild
    if guild is None:
        return ALL
    bits = of_member(guild, member)
    if bits == ALL:
        return bits
    deny = allow = 0
    everyone = channel.overwrites.get(guild.id)
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    for role in member.roles:
        overwrite = channel.overwrites.get(role.id)
        if overwrite is not None:
            deny |= overwrite.deny
            allow |= overwrite.allow
    bits = bits & ~deny | allow
    own = channel.overwrites.get(member.user.id)
    if own is not None:
        bits = bits & ~own.deny | own.allow
    return bits


def top_position(guild: Guild, member: Member) -> int:
    """How high the member stands; the owner stands above every role."""
    if guild.owner is member.user:
        return 1 << 30
    return max((role.position for role in member.roles), default=0)
