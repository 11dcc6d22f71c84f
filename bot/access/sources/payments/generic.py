"""Any sender that signs with a keyed digest: where it stands and over what, its vendor says (payments-wire, section 5)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.access.rules.payments import Heading, Reading, Refused, Stored
from bot.access.sources.payments import Headers, OptionInvalid, Options, Provider
from bot.access.sources.payments.shared import own_message
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.signatures import (
    digest,
    from_base64,
    from_hex,
    header,
    insist,
    insist_on_time,
)

_ALGORITHMS = ("sha256", "sha512", "sha1", "md5")
_ENCODINGS: dict[str, Callable[[str], bytes | None]] = {"hex": from_hex, "base64": from_base64}
_SECRET_FORMS: dict[str, Callable[[str], bytes | None]] = {
    "utf8": lambda secret: secret.encode(errors="replace"),
    "hex": from_hex,
    "base64": from_base64,
}
_HEADER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACE = re.compile(r"(header|part):([A-Za-z0-9_-]{1,64})")
_PLACEHOLDER = re.compile(r"\{(body|t|id)\}")
_SEPARATORS = re.compile(r"[,;\s]+")  # between the parts of one header
_MAX_LITERAL = 100
_MAX_SIGNATURES = 20


@dataclass(frozen=True, slots=True)
class _Form:
    """How a sender signs.

    `timestamp` and `id` say where these stand: "header:X-Time", or "part:t" of the signature's own header.
    """

    header: str = "X-Signature"
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    secret_form: str = "utf8"
    template: str = "{body}"
    timestamp: str = ""
    id: str = ""


FORM_NAMES = tuple(_Form.__dataclass_fields__)


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, options: Options
) -> None:
    """Raise Refused unless one of the secrets signed exactly these bytes in the form of the connection."""
    form = _form_of(options)
    signed = header(headers, form.header)
    if not signed:
        raise Refused("the header of the signature is missing")
    sent = _at_place(headers, form, form.timestamp)
    if form.timestamp:
        # Some count milliseconds.
        insist_on_time(
            sent[:-3] if len(sent) == 13 else sent, now, own_message.tolerance_of(options)
        )
    event_id = _at_place(headers, form, form.id)
    if form.id and not event_id:
        raise Refused("the id is missing")
    message = _filled(form.template, {"body": body, "t": _bytes(sent), "id": _bytes(event_id)})
    decode, secret_of = _ENCODINGS[form.encoding], _SECRET_FORMS[form.secret_form]
    keys = [key for secret in secrets if (key := secret_of(secret.strip()))]
    insist(
        (digest(key, message, form.algorithm) for key in keys),
        [decode(signature) for signature in _signatures(signed, form.prefix)],
    )


def head(headers: Headers, body: bytes, options: Options) -> Heading:
    """Return the id of the message: the signed one, else that of the body, else what only the same bytes have."""
    message = json_of(body)
    form = _form_of(options)
    named = _at_place(headers, form, form.id) or own_message.id_at(message, options)
    return Heading(own_message.event_id(named, body), own_message.kind_of(message, options))


def read(stored: Stored, options: Options) -> Reading:
    """Return what our own payment message says, or another one at the paths that its vendor named."""
    return own_message.read(stored, options)


def _form_of(options: Options) -> _Form:
    return _Form(**{name: options[name] for name in FORM_NAMES if name in options})


def _at_place(headers: Headers, form: _Form, place: str) -> str:
    kind, _, name = place.partition(":")
    if kind == "header":
        return header(headers, name).strip()
    if kind == "part":
        parts = _SEPARATORS.split(header(headers, form.header))
        found = [part.removeprefix(f"{name}=") for part in parts if part.startswith(f"{name}=")]
        return found[0] if len(found) == 1 else ""
    return ""


def _signatures(signed: str, prefix: str) -> Sequence[str]:
    """Return what may be the signature: the whole header, or each of its parts, behind the prefix."""
    parts = [signed.strip(), *_SEPARATORS.split(signed)]
    return [part[len(prefix) :] for part in parts if part.startswith(prefix)][:_MAX_SIGNATURES]


def _filled(template: str, values: Mapping[str, bytes]) -> bytes:
    # The pieces of the template and the names in it take turns.
    pieces = _PLACEHOLDER.split(template)
    return b"".join(
        values[piece] if place % 2 else _bytes(piece) for place, piece in enumerate(pieces)
    )


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def check_options(options: Options) -> dict[str, Any]:
    """Return the options as they are kept, without those that are as always. Raises OptionInvalid."""
    others = {name: value for name, value in options.items() if name not in FORM_NAMES}
    given = {name: options[name] for name in FORM_NAMES if options.get(name) not in (None, "")}
    for name, value in given.items():
        if not isinstance(value, str) or len(value) > _MAX_LITERAL or not value.isprintable():
            raise OptionInvalid(name, "Write a short text.")
    form = _Form(**given)
    _check_choice("algorithm", form.algorithm, _ALGORITHMS)
    _check_choice("encoding", form.encoding, tuple(_ENCODINGS))
    _check_choice("secret_form", form.secret_form, tuple(_SECRET_FORMS))
    if not _HEADER.fullmatch(form.header):
        raise OptionInvalid("header", "Write the name of a header, such as `X-Signature`.")
    _check_template(form)
    always = _Form()
    return {
        **{name: value for name, value in given.items() if value != getattr(always, name)},
        **own_message.check_options(others),
    }


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise OptionInvalid(name, f"Choose one of {', '.join(choices)}.")


def _check_template(form: _Form) -> None:
    """Raise OptionInvalid for a template that leaves the body open, or for what it names in vain."""
    names = _PLACEHOLDER.findall(form.template)
    literal = _PLACEHOLDER.sub("", form.template)
    if names.count("body") != 1 or len(names) != len(set(names)) or set(literal) & set("{}"):
        raise OptionInvalid("template", "Write `{body}` once, and `{t}` and `{id}` at most once.")
    for option, name, place in (("timestamp", "t", form.timestamp), ("id", "id", form.id)):
        if place and not _PLACE.fullmatch(place):
            raise OptionInvalid(option, "Write `header:Name`, or `part:name`.")
        if name in names and not place:
            raise OptionInvalid(option, f"The template has `{{{name}}}`: say where it stands.")
        if place and name not in names:
            # Unsigned, anybody could write another one beside an old message.
            raise OptionInvalid(option, f"It has to be signed: put `{{{name}}}` into the template.")


PROVIDER = Provider(
    name="generic",
    label="Another sender with a signature (HMAC)",
    verify=verify,
    head=head,
    read=read,
    where="In your sender's settings, let it POST its payment messages as JSON to this address.",
    secret="The key with which your sender signs; if it lets you choose one, make it long and random.",
    name_field="Put the buyer's TradingView name into `data.username` of the message, or tell Usher with `/webhook edit` where it stands.",
    secret_pattern=r"\S.{6,398}\S",
    check_options=check_options,
)
