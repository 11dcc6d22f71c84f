"""Refusals about the vendor's own programs that are told what happens, in sentences."""

from bot.access.queries import errors as refusals
from bot.access.queries.errors import AddressProblem
from bot.replies.errors.sentence import sentence
from bot.replies.text import count, escape, listed, typed
from bot.store.kinds import OutgoingKind

_WHY = {
    AddressProblem.UNREADABLE: "That is no address of a program",
    AddressProblem.NOT_HTTPS: "The address must start with `https://`, so that nobody else can read the messages",
    AddressProblem.PASSWORD: "The address must be without a user name and password in front of the host",
    AddressProblem.PRIVATE: (
        "That address is of a private network, where I send nothing unless whoever runs me allows it with "
        "`OUTGOING_ALLOW`"
    ),
    AddressProblem.LONG: "That address is too long",
}


@sentence.register
def _(error: refusals.AddressUnusable) -> str:
    return f"**{_WHY[error.why]}.** It looks like `https://shop.example.com/usher`. Nothing was changed."


@sentence.register
def _(error: refusals.KindsUnknown) -> str:
    known = listed([f"`{kind}`" for kind in OutgoingKind], "or")
    return f"**There is nothing called {typed(error.text)} to be told of.** Take {known}. Nothing was changed."


@sentence.register
def _(error: refusals.EndpointUnknown) -> str:
    return (
        f"**There is no program {error.number} here.** `/outgoing list` shows their numbers. "
        "Nothing was changed."
    )


@sentence.register
def _(error: refusals.TooManyEndpoints) -> str:
    return (
        f"**I tell {count(error.most, 'program')} already**, and no more than that. "
        "Remove one with `/outgoing remove` first. Nothing was changed."
    )


@sentence.register
def _(error: refusals.RemovesEndpoint) -> str:
    lost = ""
    if error.number:
        verb = "is" if error.number == 1 else "are"
        lost = f" {count(error.number, 'message')} that it did not take {verb} dropped."
    return f"**Shall I tell {escape(error.host)} nothing more?**{lost} Its secret is deleted; nobody's access changes."
