"""Refusals about codes and trials, and what is asked before codes are made, in sentences."""

from bot.access.orders import errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import count, escape, listed, relative, title, typed

_MAX_TRIALS = 10


@sentence.register
def _(error: refusals.TooManyGuesses) -> str:
    return (
        f"**Too many wrong codes.** Please try again {relative(error.when)}; until then I look at none, "
        "also not at a right one. Nothing was changed."
    )


@sentence.register
def _(error: refusals.HaveItForever) -> str:
    return (
        f"**You have {escape(error.item.title)} for lifetime already**, so I did not use the code up. "
        "It still works, for you or for somebody else."
    )


@sentence.register
def _(error: refusals.NoSuchTrial) -> str:
    near = [typed(slug) for slug in error.near[:_MAX_TRIALS]]
    offer = f"You can try {listed(near, 'or')}." if near else "There is nothing to try here."
    return f"**There is no trial called {typed(error.text)}.** {offer}"


@sentence.register
def _(error: refusals.TrialTaken) -> str:
    return (
        f"**The trial of {escape(error.item.title)} was taken before**, by you or with your TradingView "
        "name. There is one for each person. Nothing was changed."
    )


@sentence.register
def _(error: refusals.TrialForNewOnly) -> str:
    return (
        f"**The trial of {escape(error.item.title)} is for new customers**, and you have or had it already. "
        "Nothing was changed; `/me` shows what you can use."
    )


@sentence.register
def _(error: refusals.CodesOutOfRange) -> str:
    return (
        f"**1 to {error.most:,} codes can be made at once, each for 1 to {error.most:,} members.** "
        "Nothing was made."
    )


@sentence.register
def _(_: refusals.CodeUnknown) -> str:
    return "**There is no such code here.** Nothing was changed; `/code list` shows what there is."


@sentence.register
def _(_: refusals.ContractUnknown) -> str:
    return (
        "**There is no such order or subscription here.** Nothing was changed; `/webhook pending` lists "
        "those that wait."
    )


@sentence.register
def _(_: refusals.CodeNotNamed) -> str:
    return (
        "**Which codes?** Fill in `batch`, a number of `/code list`, or `code`, one code. "
        "Nothing was changed."
    )


@sentence.register
def _(error: refusals.GivesLifetime) -> str:
    first = "This code gives" if error.number == 1 else f"These {count(error.number, 'code')} give"
    return (
        f"**{first} lifetime** of {title(error.item)}: whoever uses one has it for good. "
        "Shall I make them?"
    )
