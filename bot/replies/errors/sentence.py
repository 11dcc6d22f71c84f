"""The one table from an error to its sentence; the modules of this package fill it."""

from functools import singledispatch

UNEXPECTED = (
    "**Something went wrong here**, and it is not your fault. If it happens again, tell "
    "whoever runs this bot the reference below."
)
AGAIN = "Please try again in a minute."


@singledispatch
def sentence(_: BaseException) -> str:
    """Return the sentence for an error; an unknown one gets a fixed sentence, none of its own text."""
    return UNEXPECTED
