"""What Discord and discord.py refuse, in sentences."""

import discord
from discord.app_commands import CommandNotFound, CommandSignatureMismatch, TransformerError

from bot.replies.errors.sentence import sentence


@sentence.register
def _(_: discord.Forbidden) -> str:
    return (
        "**Discord does not let me do that.** Check my role and the channel's settings, "
        "then run the command again."
    )


@sentence.register
def _(_: TransformerError) -> str:
    return (
        "**That is nobody in this server.** Pick a member from the list, or leave `member` out "
        "and fill in `username`."
    )


@sentence.register
def _(_: CommandNotFound | CommandSignatureMismatch) -> str:
    return "**That command has changed.** Reload Discord (Ctrl+R) and type it again."
