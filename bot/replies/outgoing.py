"""What managers read of their own programs that are told what happens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.access.queries.outgoing_endpoints import EndpointEntry, NewEndpoint
from bot.replies.message import Message
from bot.replies.text import bold, count, embed, escape, relative
from bot.replies.tone import Tone
from bot.store.kinds import EndpointState, OutgoingKind, OutgoingState, PostResult
from bot.store.records import OutgoingEndpoint

_FAILURES: Mapping[PostResult, str] = {
    PostResult.SILENT: "it did not answer within 15 seconds",
    PostResult.UNREACHABLE: "it could not be reached",
    PostResult.UNTRUSTED: (
        "its certificate could not be verified: it needs one that browsers accept, for this name"
    ),
    PostResult.FORBIDDEN: (
        "its address leads into a private network, so nothing was sent. Whoever runs me can allow it with "
        "`OUTGOING_ALLOW`"
    ),
    PostResult.LOST: (
        "the key of its stored address is lost. Remove it with `/outgoing remove`, and add it anew"
    ),
}
_WORDS_OF_STATUS = {
    401: "it wants a key that I do not have",
    403: "it refuses me",
    404: "there is nothing at that address",
    405: "that address takes no messages (POST)",
    410: "it says that it is gone for good",
    413: "the message is too large for it",
    429: "it says that I send too much",
}


def added(new: NewEndpoint) -> Message:
    """Return that a program is told what happens; its secret is shown this once."""
    where = f"**Program {new.endpoint.id}** at {bold(new.endpoint.host)}"
    if new.secret is None:
        return Message(
            f"✅ {where} was added with this request already, and its secret was shown. If you do not have it: "
            "remove the program with `/outgoing remove`, and add it anew."
        )
    return Message(
        f"✅ {where} is told from now on: {_kinds(new.endpoint)}.\n"
        f"Its secret, **which I show only now**:\n```\n{new.secret}\n```\n"
        "Each message is signed with it in the form of *Standard Webhooks* (`webhook-id`, "
        "`webhook-timestamp`, `webhook-signature`): let the program verify that, and count each id once. "
        f"Next: `/outgoing test number:{new.endpoint.id}`."
    )


def listed(entries: Sequence[EndpointEntry]) -> Message:
    """Return all programs, with the last result of each in plain words."""
    if not entries:
        return Message(
            "No program of yours is told anything. `/outgoing add` adds one: it hears of access that was given, "
            "has ended or failed, of orders that are stuck and of a dead TradingView login."
        )
    return Message(
        "Your programs, oldest first.",
        (embed("Programs that are told what happens", "\n".join(map(_line, entries))),),
    )


def _line(entry: EndpointEntry) -> str:
    endpoint = entry.endpoint
    return f"- **{endpoint.id}** {bold(endpoint.host)}: {how_it_goes(entry)}"


def how_it_goes(entry: EndpointEntry) -> str:
    """Return what a program is told, and whether it takes that."""
    endpoint, counts = entry.endpoint, entry.counts
    parts = [f"{_kinds(endpoint)}. {_last(endpoint)}"]
    if waiting := counts.get(OutgoingState.WAITING, 0):
        parts.append(f"{count(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}.")
    if failed := counts.get(OutgoingState.FAILED, 0):
        tried = "was" if failed == 1 else "were"
        parts.append(f"{count(failed, 'message')} {tried} never taken.")
    if endpoint.state is EndpointState.OFF:
        parts.append(
            f"⚠️ **It is off**; `/outgoing replay number:{endpoint.id}` switches it on and sends what it missed."
        )
    return " ".join(parts)


def _last(endpoint: OutgoingEndpoint) -> str:
    if endpoint.tried_at is None or endpoint.result is None:
        return "Nothing was sent yet."
    when = relative(endpoint.tried_at)
    if endpoint.result is PostResult.TAKEN:
        return f"✅ It took the last message, {when}."
    return f"⚠️ The last try, {when}: {_failure(endpoint.result, endpoint.status)}."


def _failure(result: PostResult, status: int | None) -> str:
    """Return in plain words why a message was not taken."""
    if result is not PostResult.STATUS or status is None:
        return _FAILURES.get(result, "it did not take it")
    if status in _WORDS_OF_STATUS:
        return f"{_WORDS_OF_STATUS[status]} (status {status})"
    if 300 <= status < 400:
        return f"it points to another address, where I do not follow (status {status}): add that one instead"
    whose = "something went wrong there" if status >= 500 else "it did not take it"
    return f"{whose} (status {status})"


def testing(endpoint: OutgoingEndpoint) -> Message:
    """Return that a test is under way."""
    return Message(f"⏳ I am sending a test to {bold(endpoint.host)}.")


def tested(endpoint: OutgoingEndpoint, result: PostResult, status: int | None) -> Message:
    """Return what came of a test."""
    host = escape(endpoint.host)
    if result is PostResult.TAKEN:
        return Message(f"✅ **{host} took the test** (status {status}). It was of the type `test`.")
    return Message(
        f"❌ **The test did not arrive** at {host}: {_failure(result, status)}. Nothing else was changed."
    )


def replayed(entry: EndpointEntry, number: int) -> Message:
    """Return that everything is sent again that was not taken."""
    endpoint = entry.endpoint
    on = " It is on again." if endpoint.state is EndpointState.OFF else ""
    if not number and not on:
        return Message(
            f"{bold(endpoint.host)} took everything so far: there is nothing to send again.",
            tone=Tone.PLAIN,
        )
    what = f"{count(number, 'message')} that it did not take" if number else "what it missed"
    return Message(
        f"✅ **I am sending {what} to {escape(endpoint.host)}**, each with the id it had before.{on} "
        "`/outgoing list` shows how it goes."
    )


def removed(endpoint: OutgoingEndpoint) -> Message:
    """Return that a program is told nothing more."""
    return Message(
        f"✅ **{escape(endpoint.host)} is told nothing more**, and its secret is deleted. "
        "`/outgoing add` adds it again, with a new secret."
    )


def _kinds(endpoint: OutgoingEndpoint) -> str:
    if len(endpoint.kinds) == len(OutgoingKind):
        return "everything"
    return ", ".join(f"`{kind}`" for kind in endpoint.kinds)


def _of(facts: Any) -> str:
    return bold(str(facts.after.get("host") or "a program"))


HISTORY: Mapping[str, Callable[[Any], str]] = {
    "outgoing_added": lambda f: f"{f.who} lets a program at {_of(f)} be told what happens",
    "outgoing_removed": lambda f: f"{f.who} ended that a program at {_of(f)} is told what happens",
    "outgoing_replayed": lambda f: f"{f.who} had what {_of(f)} did not take sent again",
    "outgoing_off": lambda f: (
        f"⚠️ **The program at {escape(str(f.after.get('host') or 'an address'))} has not taken a message since {f.since()}**, "
        "so I send nothing more there. Nobody lost access, and nothing is lost: when it works again, "
        f"`/outgoing replay number:{f.after.get('endpoint') or 1}` sends all of it"
    ),
}
