"""Where interactions are opened, acknowledged and followed up, under Discord's rules of time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.discord import limits, payloads
from bot.sandbox.discord.changes import Changes
from bot.sandbox.discord.components import check_modal, numbered
from bot.sandbox.discord.drafts import Draft, apply_edit, build
from bot.sandbox.discord.errors import ApiError, Form, Json, unknown
from bot.sandbox.discord.intents import EVERYWHERE
from bot.sandbox.discord.interactions import NO_ANSWER, Interaction, Kind, Reply
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import LOADING, Channel, Message, User, World

_ALLOWED = {
    Kind.COMMAND: (Reply.MESSAGE, Reply.DEFERRED_MESSAGE, Reply.MODAL),
    Kind.COMPONENT: (
        Reply.MESSAGE,
        Reply.DEFERRED_MESSAGE,
        Reply.DEFERRED_UPDATE,
        Reply.UPDATE,
        Reply.MODAL,
    ),
    Kind.AUTOCOMPLETE: (Reply.CHOICES,),
    Kind.MODAL: (Reply.MESSAGE, Reply.DEFERRED_MESSAGE, Reply.DEFERRED_UPDATE, Reply.UPDATE),
}


class InteractionService:
    """All interactions of the one application."""

    def __init__(
        self, changes: Changes, now: Callable[[], datetime], *, ack_within: float, token_life: float
    ) -> None:
        self._changes = changes
        self._world: World = changes.world
        self._now = now
        self.ack_within = ack_within
        self.token_life = token_life
        self.all: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._pending: set[Interaction] = set()

    # Opening

    def open(
        self,
        kind: Kind,
        person: User,
        channel: Channel,
        data: Json,
        *,
        message: Message | None = None,
        command: str | None = None,
        target: User | None = None,
    ) -> Interaction:
        """Start an interaction; the bot has `ack_within` seconds of the injected clock."""
        moment = self._now()
        interaction = Interaction(
            self._world.ids.next(),
            kind,
            person=person,
            channel=channel,
            data=data,
            created_at=moment,
            respond_by=moment + timedelta(seconds=self.ack_within),
            now=self._now,
            message=message,
            command=command,
            target=target,
        )
        self.all[interaction.id] = self._by_token[interaction.token] = interaction
        self._pending.add(interaction)
        return interaction

    def deliver(self, interaction: Interaction, body: Json) -> None:
        """Send it to the bot; with no session at all it fails at once."""
        self._tell("interaction_created", interaction)
        if not self._changes.gateway.sessions:
            interaction.fail(NO_ANSWER)
            self.look_for_overdue()
            return
        self._changes.gateway.dispatch("INTERACTION_CREATE", body, EVERYWHERE)

    def deliver_again(self, body: Json) -> None:
        """Send the same event once more, as a gateway may."""
        self._changes.gateway.dispatch("INTERACTION_CREATE", body, EVERYWHERE)

    def look_for_overdue(self) -> None:
        """Let those fail whose time is over (called again and again by the server)."""
        for interaction in [*self._pending]:
            if interaction.acknowledged:
                self._pending.discard(interaction)
            elif interaction.failed:
                self._pending.discard(interaction)
                self._tell("interaction_failed", interaction, reason=interaction.failed)
                interaction.touch()

    def end_all(self) -> int:
        """Let the tokens of all that were answered be over at once, as after 15 minutes; returns how many."""
        over = [
            each
            for each in self.all.values()
            if each.acknowledged and not each.expired(self.token_life)
        ]
        for interaction in over:
            interaction.end()
        return len(over)

    # The callback

    def callback(self, number: object, token: str, body: Json, files: list[Draft]) -> Interaction:
        """Take the bot's acknowledgement."""
        interaction = self.all.get(parse_id(number) or 0)
        if interaction is None or interaction.token != token or interaction.dead:
            raise unknown("interaction")
        if interaction.acknowledged:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        reply = self._checked_reply(interaction, body, files)
        data = body.get("data") or {}
        if reply in (Reply.MESSAGE, Reply.DEFERRED_MESSAGE):
            loading = reply is Reply.DEFERRED_MESSAGE
            interaction.original = self._post(interaction, data, files, loading=loading)
        elif reply in (Reply.DEFERRED_UPDATE, Reply.UPDATE):
            interaction.original = interaction.message
        elif reply is Reply.CHOICES:
            interaction.choices = limits.check_choices(data.get("choices"))
        else:
            interaction.modal = {**data, "components": numbered(data["components"])}
        self._acknowledge(interaction, reply)
        if reply is Reply.UPDATE and interaction.message is not None:
            apply_edit(self._changes, interaction.message, data, files)
        if reply in (Reply.MESSAGE, Reply.UPDATE) and interaction.original is not None:
            interaction.answered_with(interaction.original)
        return interaction

    def _checked_reply(self, interaction: Interaction, body: Json, files: list[Draft]) -> Reply:
        form = Form()
        kind = body.get("type")
        allowed = _ALLOWED[interaction.kind]
        if interaction.kind is Kind.MODAL and interaction.message is None:
            allowed = (Reply.MESSAGE, Reply.DEFERRED_MESSAGE)
        form.choice(("type",), kind, tuple(int(each) for each in allowed))
        form.done()
        reply = Reply(kind)  # type: ignore[arg-type]
        data = body.get("data") or {}
        if reply is Reply.MODAL:
            check_modal(data)
        elif reply in (Reply.MESSAGE, Reply.UPDATE):
            limits.check_message(
                data, editing=reply is Reply.UPDATE, files=len(files), path=("data",)
            )
        return reply

    def _acknowledge(self, interaction: Interaction, reply: Reply) -> None:
        interaction.reply = reply
        interaction.acked_at = self._now()
        self._pending.discard(interaction)
        self._tell(
            "interaction_acknowledged",
            interaction,
            reply=reply.name.lower(),
            modal=interaction.modal,
            choices=interaction.choices,
        )
        interaction.touch()

    def callback_answer(self, interaction: Interaction) -> Json:
        """What with_response=true is answered with."""
        facts: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
        facts["channel_id"] = str(interaction.channel.id)
        if interaction.guild is not None:
            facts["guild_id"] = str(interaction.guild.id)
        answer: Json = {"interaction": facts}
        original = interaction.original
        if original is not None and interaction.reply is not None:
            facts["response_message_id"] = str(original.id)
            facts["response_message_loading"] = original.loading
            facts["response_message_ephemeral"] = original.ephemeral
            if interaction.reply is not Reply.DEFERRED_UPDATE:
                answer["resource"] = {
                    "type": int(interaction.reply),
                    "message": payloads.message(original),
                }
        return answer

    # Follow-ups

    def by_token(self, application: object, token: str) -> Interaction:
        """The interaction of a follow-up; unknown before the acknowledgement, refused when old."""
        interaction = self._by_token.get(token)
        if interaction is None or parse_id(application) != self._world.bot.id:
            raise unknown("webhook")
        if interaction.expired(self.token_life):
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if not interaction.acknowledged:
            raise unknown("webhook")
        return interaction

    def follow_up(self, interaction: Interaction, body: Json, files: list[Draft]) -> Message:
        """A further message; the first after a deferral is the deferred answer itself."""
        limits.check_message(body, files=len(files))
        original = interaction.original
        if original is not None and original.loading:
            return self.edit(interaction, original, body, files)
        message = self._post(interaction, body, files, loading=False)
        interaction.answered_with(message)
        return message

    def message_of(self, interaction: Interaction, number: str) -> Message:
        """One of this interaction's messages; "@original" names its first answer."""
        if number == "@original":
            if interaction.original is None or interaction.original.deleted:
                raise unknown("message")
            return interaction.original
        for message in [*interaction.messages, *self._siblings(interaction)]:
            if message.id == parse_id(number) and not message.deleted:
                return message
        raise unknown("message")

    def edit(
        self, interaction: Interaction, message: Message, body: Json, files: list[Draft]
    ) -> Message:
        limits.check_message(body, editing=True, files=len(files), flags=message.flags)
        apply_edit(self._changes, message, body, files)
        interaction.answered_with(message)
        return message

    def delete(self, message: Message) -> None:
        self._changes.delete(message)

    def _siblings(self, interaction: Interaction) -> list[Message]:
        return [] if interaction.message is None else [interaction.message]

    def _post(
        self, interaction: Interaction, body: Json, files: list[Draft], *, loading: bool
    ) -> Message:
        shown = {"flags": body.get("flags")} if loading else body
        message = build(self._world, interaction.channel, shown, files)
        message.flags |= LOADING if loading else 0
        message.visible_to = interaction.person if message.ephemeral else None
        message.source = {
            **interaction.origin(),
            "webhook_id": str(self._world.bot.id),
            "application_id": str(self._world.bot.id),
        }
        return self._changes.post(message)

    def _tell(self, kind: str, interaction: Interaction, **facts: Any) -> None:
        self._changes.observers.tell(
            kind,
            interaction={
                "id": str(interaction.id),
                "kind": interaction.kind.name.lower(),
                "user_id": str(interaction.person.id),
                "channel_id": str(interaction.channel.id),
                "command": interaction.command,
                "custom_id": interaction.data.get("custom_id"),
            },
            **facts,
        )
