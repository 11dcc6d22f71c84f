"""A made-up provider with options and an API key; its address is its secret."""

from bot.access.sources.payments import OptionInvalid, Provider
from tests.support.providers.acme import head, read, verify


def check_options(options):
    """Take a header, and paths into the message."""
    for name in options:
        if name not in ("header", "paths", "name_field"):
            raise OptionInvalid(name, "there is no such option")
    return dict(options)


PROVIDER = Provider(
    name="tailor",
    label="Tailor",
    verify=verify,
    head=head,
    read=read,
    where="At Tailor: *Ping*.",
    secret="Tailor signs nothing.",
    name_field="The field *TradingView*.",
    is_signed=False,
    check_options=check_options,
    takes_api_key=True,
)
