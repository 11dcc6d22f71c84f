"""The world as Discord's JSON: one function for each kind of object."""

from datetime import datetime

from bot.sandbox.discord import permissions
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.world import TEXT, Channel, Guild, Member, Message, Role, User

UPLOAD_LIMIT = 10 * 1024 * 1024


def stamp(moment: datetime | None) -> str | None:
    """A moment as Discord writes it: ISO 8601, microseconds, with an offset."""
    return None if moment is None else moment.isoformat(timespec="microseconds")


def user(user: User) -> Json:
    payload: Json = {
        "id": str(user.id),
        "username": user.name,
        "avatar": None,
        "discriminator": "0000" if user.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": user.display_name,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "primary_guild": None,
    }
    if user.bot:
        payload["bot"] = True
    return payload


def self_user(bot: User) -> Json:
    """The answer to users/@me and the user of READY."""
    return {**user(bot), "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def role(role: Role) -> Json:
    payload: Json = {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if role.bot is not None:
        payload["tags"] = {"bot_id": str(role.bot.id)}
    if role.booster:
        payload["tags"] = {"premium_subscriber": None}
    if role.listing is not None:
        payload["tags"] = {
            "integration_id": str(role.listing + 1),
            "subscription_listing_id": str(role.listing),
            "available_for_purchase": None,
        }
    return payload


def member(member: Member, *, with_user: bool = True) -> Json:
    payload: Json = {
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": stamp(member.joined_at),
        "nick": member.nick,
        "pending": member.pending,
        "premium_since": stamp(member.premium_since),
        "roles": [str(each.id) for each in member.roles],
        "mute": False,
        "deaf": False,
    }
    if with_user:
        payload["user"] = user(member.user)
    return payload


def channel(channel: Channel) -> Json:
    last = str(channel.messages[-1].id) if channel.messages else None
    if channel.guild is None:
        assert channel.recipient is not None  # noqa: S101 - a channel has a guild or a recipient
        return {
            "id": str(channel.id),
            "type": channel.kind,
            "flags": 0,
            "last_message_id": last,
            "recipients": [user(channel.recipient)],
        }
    return {
        "id": str(channel.id),
        "type": TEXT,
        "flags": 0,
        "guild_id": str(channel.guild.id),
        "name": channel.name,
        "position": channel.position,
        "parent_id": None,
        "topic": channel.topic,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "last_message_id": last,
        "last_pin_timestamp": None,
        "permission_overwrites": [
            {
                "id": str(each.id),
                "type": each.kind,
                "allow": str(each.allow),
                "deny": str(each.deny),
            }
            for each in channel.overwrites.values()
        ],
    }


def guild(guild: Guild) -> Json:
    """The guild itself, as REST answers it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(guild.owner.id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 1,
        "roles": [role(each) for each in guild.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": guild.boosts,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(server: Guild, listed: list[Member], *, joined_at: datetime, large: bool) -> Json:
    """The body of GUILD_CREATE, which lists some of the members."""
    return {
        **guild(server),
        "joined_at": stamp(joined_at),
        "large": large,
        "member_count": len(server.members),
        "members": [member(each) for each in listed],
        "channels": [channel(each) for each in server.channels.values()],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def message(message: Message) -> Json:
    payload: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": 20 if message.source.get("command") else 19 if message.reference else 0,
        "content": message.content,
        "mentions": [user(each) for each in message.mentions],
        "mention_roles": [],
        "mention_everyone": False,
        "attachments": message.attachments,
        "embeds": message.embeds,
        "components": message.components,
        "timestamp": stamp(message.created_at),
        "edited_timestamp": stamp(message.edited_at),
        "flags": message.flags,
        "author": user(message.author),
        "pinned": False,
        "tts": False,
    }
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.reference is not None:
        payload["message_reference"] = message.reference
    payload.update({key: value for key, value in message.source.items() if key != "command"})
    return payload


def message_event(sent: Message) -> Json:
    """The body of MESSAGE_CREATE and MESSAGE_UPDATE."""
    payload = message(sent)
    where = sent.channel.guild
    if where is not None:
        payload["guild_id"] = str(where.id)
        author = where.members.get(sent.author.id)
        if author is not None and "webhook_id" not in payload:
            payload["member"] = member(author, with_user=False)
    return payload


def resolved_channel(place: Channel, person: Member | None) -> Json:
    """The short form of a channel inside an interaction."""
    bits = permissions.ALL if person is None else permissions.in_channel(place, person)
    return {**channel(place), "permissions": str(bits)}


def application(bot: User, owner: User, *, flags: int, guilds: int) -> Json:
    return {
        "id": str(bot.id),
        "name": bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(owner),
        "approximate_guild_count": guilds,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}},
        "summary": "",
    }
