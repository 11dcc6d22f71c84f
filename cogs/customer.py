"""/customer: what staff know about people, and tying many of them at once."""

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone, FileTooLarge, OnlyInServer
from bot.access.people.customers import Customers
from bot.access.people.import_csv import LARGEST, Pair, Person
from bot.access.people.imports import Matches, Tied
from bot.access.request import Asked
from bot.interactions import levels, responses
from bot.interactions.components import Choice, Press, Presses
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import Answer, Button, matching as words, people as said
from cogs.suggestions import Choices, Suggestions


class Customer(
    commands.GroupCog,
    group_name="customer",
    group_description="Members and their TradingView names",
):
    """The commands about people."""

    def __init__(
        self, customers: Customers, matches: Matches, suggestions: Suggestions, presses: Presses
    ) -> None:
        self._customers = customers
        self._matches = matches
        self._suggestions = suggestions
        self._presses = presses
        presses.add(words.PICK, Level.STAFF, self.picked)
        presses.add(words.PAGE, Level.STAFF, self.turned)

    @levels.staff
    @app_commands.command(description="Tie a TradingView name to a member")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def link(self, interaction: Interaction, member: discord.Member, username: str) -> None:
        """Tie them, on the word of staff."""
        await responses.defer(interaction)
        person = await self._customers.tie(levels.asked(interaction), member.id, username)
        await responses.reply(interaction, said.tied(person, member.id))

    @link.autocomplete("username")
    async def _usernames(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.usernames(interaction, typed)

    @levels.staff
    @app_commands.command(description="Tie many TradingView names to members at once")
    @app_commands.describe(
        file="A CSV file with the columns discord_id and username; without it, equal names"
    )
    async def match(self, interaction: Interaction, file: discord.Attachment | None = None) -> None:
        """Show what fits; nothing is changed before a yes."""
        await responses.defer(interaction)
        asked = levels.asked(interaction)
        if file is None:
            answer = await self._proposals(asked, interaction, 0)
        else:
            answer = await self._compared(asked, interaction, file)
        await responses.reply(interaction, answer)

    async def picked(self, press: Press) -> None:
        """Tie the proposals that were picked, and show what is left."""
        await responses.defer_in_place(press.interaction)
        people = await _people(press.interaction)
        it = await self._matches.proposals(press.guild_id, people)
        done = await self._matches.tie(press.asked(), words.chosen(press.values, it.pairs), people)
        answer = await self._proposals(press.asked(), press.interaction, 0, done)
        await responses.reply(press.interaction, answer)

    async def turned(self, press: Press) -> None:
        """Another page of proposals."""
        await responses.defer_in_place(press.interaction)
        if not press.args or not press.args[0].isdecimal():
            raise ButtonGone
        answer = await self._proposals(press.asked(), press.interaction, int(press.args[0]))
        await responses.reply(press.interaction, answer)

    async def _compared(
        self, asked: Asked, interaction: Interaction, file: discord.Attachment
    ) -> Answer:
        if file.size > LARGEST:
            raise FileTooLarge
        data = await file.read()
        verdicts = await self._matches.compare(asked.guild_id, data, await _people(interaction))
        pairs = list(dict.fromkeys(one.pair for one in verdicts if one.pair is not None))
        return words.compared(verdicts, self._tie_buttons(asked, pairs))

    async def _proposals(
        self, asked: Asked, interaction: Interaction, page: int, done: Tied | None = None
    ) -> Answer:
        it = await self._matches.proposals(asked.guild_id, await _people(interaction))
        page = min(page, max(0, (len(it.pairs) - 1) // words.SHOWN))
        buttons = self._tie_buttons(asked, it.pairs)
        return words.proposed(it, page, asked.guild_id, buttons, done)

    def _tie_buttons(self, asked: Asked, pairs: Sequence[Pair]) -> tuple[Button, ...]:
        """The one button that ties these pairs, and no others."""
        if not pairs:
            return ()

        async def yes(press: Press) -> None:
            done = await self._matches.tie(press.asked(), pairs, await _people(press.interaction))
            await responses.reply(press.interaction, words.tied(done))

        async def no(press: Press) -> None:
            await responses.reply(press.interaction, Answer("**Left as it was.**"))

        return self._presses.question(
            asked.guild_id,
            asked.by,
            Level.STAFF,
            (
                Choice(words.tie_label(len(pairs)), yes, discord.ButtonStyle.success),
                Choice("No, leave it", no),
            ),
        )


async def _people(interaction: Interaction) -> list[Person]:
    """Everybody in the server but the bots, with each of their names."""
    guild = interaction.guild
    if guild is None:
        raise OnlyInServer
    if not guild.chunked:
        await guild.chunk()
    return [
        Person(one.id, tuple(name for name in (one.name, one.global_name, one.nick) if name))
        for one in guild.members
        if not one.bot
    ]
