"""A form that was sent: its fields, the key by which it counts once, and what its sender said yes to before."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from aiohttp import web

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.orders.unanswered import number_of_form
from bot.access.people.web_session_errors import FormForeign
from bot.access.request import Consent, RequestContext
from bot.interactions.levels import Level
from bot.replies import interrupted
from bot.store.records import Unanswered
from bot.web.dashboard import browser, uploads
from bot.web.dashboard.uploads import Upload
from bot.web.dashboard.visitor import Visitor

TOKEN, ONCE, AGREED = "form_token", "once", "agreed"
_OF_EVERY_FORM = frozenset({TOKEN, ONCE, AGREED})
_ONCE = re.compile(r"[0-9a-f]{32}")
_QUESTION_SECONDS = 15 * 60
_MAX_NUMBER = 2**63 - 1  # as far as the database counts


@dataclass(frozen=True, slots=True)
class Form:
    """What a page of the dashboard sent; texts are stripped, and a field that is not there is empty."""

    path: str
    fields: Mapping[str, str] = field(repr=False)
    once: str
    key: str  # the idempotency key: sent twice, it counts once
    consent: Consent = field(default_factory=Consent)
    takes_away: bool = False  # a yes in it was to a loss: it counts in a young session alone
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return what was typed, or chosen."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int:
        """Return an id that a page of ours put in. Raises ButtonGone for anything else."""
        return number_in(self.text(name))

    def checked(self, name: str) -> bool:
        """Return whether the box was ticked."""
        return bool(self.text(name))

    def file(self, name: str) -> Upload | None:
        """Return the file that was chosen; None where none was."""
        return self.files.get(name)

    def request(self, visitor: Visitor) -> RequestContext:
        """Return who asks, with what they agreed to."""
        return visitor.request(self.key, self.consent)

    def as_asked(self, visitor: Visitor) -> Unanswered:
        """Return what is noted of it while it is worked on."""
        now = clock.now()
        return Unanswered(
            interaction_id=number_of_form(self.key),
            guild_id=visitor.guild_id,
            member_id=visitor.session.member_id,
            asked=interrupted.sent_form(self.fields, now),
            asked_at=now,
            token=None,
            in_place=False,
        )

    def kept_fields(self) -> dict[str, str]:
        """Return what has to be sent again when a question is answered."""
        return {name: text for name, text in self.fields.items() if name not in _OF_EVERY_FORM}


async def read(
    request: web.Request, visitor: Visitor, largest_file: int = 0, most_files: int = 1
) -> Form:
    """Return the form; with `largest_file`, bytes, it is one that may bring a file, or several.

    Raises FormForeign for one of another session, ButtonGone for a broken one or an old yes, and what
    `uploads.read` raises.
    """
    sent = (
        await uploads.read(request, largest_file, most_files)
        if largest_file
        else await _without_file(request)
    )
    fields = sent.fields
    if not hmac.compare_digest(fields.get(TOKEN, "").encode(), visitor.form_token.encode()):
        raise FormForeign
    once = fields.get(ONCE, "")
    if not _ONCE.fullmatch(once) or any("\0" in text for text in fields.values()):
        raise ButtonGone
    key = f"web {visitor.session.id} {once}"
    form = Form(request.path, fields, once, key, files=sent.files)
    if AGREED not in fields:
        return form
    return _agreed(visitor, form, fields[AGREED])


async def _without_file(request: web.Request) -> uploads.Sent:
    sent = await browser.sent(request)
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    if len(fields) != len(sent):
        raise ButtonGone
    return uploads.Sent(fields)


def agreement(
    visitor: Visitor, form: Form, consent: Consent, level: Level, *, takes_away: bool = False
) -> str:
    """Return what the button of a question carries: the yes to it, for this form of this session alone.

    `takes_away`: it is a yes to a loss, for which the session must still be young when it is said.
    """
    kept = {
        "of": _fingerprint(visitor, form),
        "until": clock.now().timestamp() + _QUESTION_SECONDS,
        "level": level,
        "takes_away": takes_away or form.takes_away,
        "consent": asdict(consent),
    }
    return visitor.services.vault.seal(json.dumps(kept)).decode()


def _agreed(visitor: Visitor, form: Form, sealed: str) -> Form:
    """Return the form with what was agreed to.

    Raises ButtonGone, NotAllowed for a yes that takes a manager, or SessionNotFresh for one to a loss.
    """
    vault = visitor.services.vault
    try:
        kept = json.loads(vault.open(sealed.encode())) if vault.opens(sealed.encode()) else {}
    except ValueError:  # sealed, and no yes
        kept = {}
    now = clock.now().timestamp()
    if not isinstance(kept, dict) or kept.get("of") != _fingerprint(visitor, form):
        raise ButtonGone
    if not now < kept["until"] <= now + _QUESTION_SECONDS:
        raise ButtonGone
    visitor.require(Level(kept["level"]))
    if kept["takes_away"]:
        visitor.require_fresh()
    return replace(form, consent=Consent(**kept["consent"]), takes_away=kept["takes_away"])


def _fingerprint(visitor: Visitor, form: Form) -> str:
    parts = [visitor.session.id, form.path, form.once, sorted(form.kept_fields().items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def number_in(text: str) -> int:
    """Return the id in a form or an address. Raises ButtonGone for what a page of ours never writes."""
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > _MAX_NUMBER:
        raise ButtonGone
    return int(text)
