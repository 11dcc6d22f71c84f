"""A made-up provider: signed, with secrets of one form, and a parameter in its links."""

from bot.access.rules.payments import Heading, Reading
from bot.access.sources.payments import Provider


def verify(headers, body, secrets, now, options):
    """Vouch for everything: what is signed is no concern here."""


def head(headers, body, options):
    return Heading("e1", "sale")


def read(stored, options):
    return Reading()


PROVIDER = Provider(
    name="acme",
    label="Acme Pay",
    verify=verify,
    head=head,
    read=read,
    where="At Acme: *Settings > Webhooks*, with all messages about sales.",
    secret="At Acme it is shown beside the address once that is saved.",
    name_field="Add the question *TradingView username* to your form.",
    secret_pattern=r"ac_[a-z0-9]{8,}",
    link_parameter="reference",
)
