"""The one table from an error to its sentence."""

import importlib
import pkgutil
import re
from datetime import UTC, datetime

import pytest
from discord import app_commands

import bot.access
import bot.tradingview
from bot.access.catalogue.errors import (
    HolderRoleProblem,
    HolderRoleUnusable,
    ItemKind,
    ItemUnknown,
    LinkProblem,
    LinkUnusable,
)
from bot.access.errors import NeedsYes
from bot.access.ledger.errors import Effect, NothingToRevoke
from bot.access.logins import errors
from bot.access.people.errors import NameTaken, NobodyNamed
from bot.access.people.settings_errors import RoleProblem
from bot.access.queries.errors import AddressProblem
from bot.errors import UserError
from bot.replies import explain
from bot.replies.errors.sentence import UNEXPECTED, sentence
from bot.store.kinds import AttemptKind, BatchState, RowProblem, StateKind
from bot.store.records import Affected, Entitlement, Product, RoleLoss, Script
from bot.tradingview import TradingViewError
from bot.tradingview.models import LIFETIME
from bot.tradingview.names import PineIdProblem

NAME = "__" + "N" * 60 + "__"
TITLE = "*T*" + "`x`" * 32
WHEN = datetime(2026, 3, 10, tzinfo=UTC)
SCRIPT = Script(1, 1, "PUB;x", "s" * 32, TITLE, None, None, None)
REASON = Entitlement(
    1, 1, 1, 1, 1, "staff", "r", "lifetime", None, WHEN, 1, WHEN, None, WHEN, None, None, "n" * 200
)
PRODUCT = Product(1, 1, "gold", TITLE, None, None, 0, None, None, None)
AFFECTED = Affected(1, NAME, 7, False, WHEN, StateKind.NOTHING, None)

VALUES = {
    "batch_id": 12,
    "level": "staff",
    "text": "🚀" * 500,
    "near": (NAME,) * 3,
    "member_id": 7,
    "username": NAME,
    "accepted": True,
    "by": 7,
    "when": WHEN,
    "kind": PineIdProblem.ADDRESS,
    "slug": "s" * 32,
    "archived": True,
    "longest": 100,
    "reason": "`r`" * 500,
    "detail": "d" * 5_000,
    "which": "sessionid",
    "without_sign": True,
    "what": "the list",
    "problem": RoleProblem.MANAGED,
    "role_id": 7,
    "channel_id": 7,
    "missing": ("view_channel", "send_messages"),
    "script": SCRIPT,
    "item": SCRIPT,
    "title": TITLE,
    "seats": 101,
    "line": 20_000,
    "more": 2,
    "before": LIFETIME,
    "after": None,
    "old_name": NAME,
    "attempt": AttemptKind.LINK,
    "again_at": WHEN,
    "left": 2,
    "most": 2,
    "only": WHEN.date(),
    "wait": 5,
    "wanted": NAME,
    "reasons": (REASON,) * 50,
    "stays": (REASON,) * 50,
    "titles": (TITLE,) * 50,
    "goes_on": False,
    "ends": 12_345,
    "shortens": 1,
    "number": 12_345,
    "new": False,
    "several": False,
    "meant": ItemKind.PRODUCT,
    "product": PRODUCT,
    "gains": (Effect(SCRIPT, (AFFECTED,) * 5_000),),
    "losses": (Effect(SCRIPT, (AFFECTED,)),),
    "total": 99_999,
    "loss": RoleLoss(1, 1, 7, False, WHEN, WHEN, WHEN, 7, True),
    "from_id": 8,
    "to_id": 9,
    "other": NAME,
    "numbers": (1, 12_345),
    "why": AddressProblem.PRIVATE,
    "host": "h" * 253,
    "ended_at": WHEN,
    "has_rows": True,
    "state": BatchState.CANCELLED,
    "problems": tuple((problem, 20_000) for problem in RowProblem),
}


def assert_bold_pairs(text):
    """No bold inside bold: Discord would show stars."""
    parts = re.split(r"(?<!\\)\*\*", re.sub(r"`[^`]*`", "x", text))
    assert len(parts) % 2 == 1, text
    assert all(one and one == one.strip() for one in parts[1::2]), text


# Every module that may define an error must be there before the kinds are counted.
for package in (bot.access, bot.tradingview):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


def below(kind):
    for child in kind.__subclasses__():
        if child.__module__.startswith("bot."):
            yield child
            yield from below(child)


def with_facts(kind):
    names = kind.__dataclass_fields__ if hasattr(kind, "__dataclass_fields__") else {}
    values = {name: VALUES[name] for name in names}
    if kind is errors.CookiesOfOther:
        values |= {"before": NAME, "missing": (TITLE,) * 50}
    if kind is LinkUnusable:
        values |= {"problem": LinkProblem.NOT_HTTPS}
    if kind is HolderRoleUnusable:
        values |= {"problem": HolderRoleProblem.OPENS_ITEM}
    return kind(**values)


ROOTS = {UserError, NeedsYes, TradingViewError}  # never raised themselves
REFUSALS = [kind for kind in below(UserError) if kind not in ROOTS]


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_sentence_of_its_own_that_fits_and_no_reference(kind):
    said = explain(with_facts(kind))
    assert kind in sentence.registry
    assert said.expected
    assert 20 < len(said.text) <= 2_000
    assert said.text == said.sentence
    assert_bold_pairs(said.text)


@pytest.mark.parametrize("kind", list(below(TradingViewError)), ids=lambda kind: kind.__name__)
def test_every_failure_of_tradingview_has_a_sentence_of_its_own_and_goes_to_the_log(kind):
    said = explain(kind(detail="sessionid=secret") if kind.__init__ else kind())
    assert kind in sentence.registry
    assert not said.expected
    assert said.text.endswith(f"\n-# Reference {said.reference}")
    assert "secret" not in said.text


def test_no_two_kinds_share_a_sentence():
    said = [explain(with_facts(kind)).sentence for kind in REFUSALS]
    said += [explain(kind()).sentence for kind in below(TradingViewError)]
    assert len(set(said)) == len(said)
    assert UNEXPECTED not in said


@pytest.mark.parametrize(
    "error", [TradingViewError(), KeyError("x"), KeyboardInterrupt(), UserError()]
)
def test_an_error_without_a_sentence_gets_the_fixed_one(error):
    said = explain(error)
    assert said.sentence == UNEXPECTED
    assert said.text.endswith(f"\n-# Reference {said.reference}")


def test_an_unknown_error_shows_none_of_its_own_text():
    said = explain(RuntimeError("/home/me/usher.db is locked: sessionid=abc"))
    assert said.sentence == UNEXPECTED
    assert not said.expected


def test_what_a_command_raised_is_found_inside_discords_own_error():
    inner = NobodyNamed()
    wrapped = app_commands.CommandInvokeError.__new__(app_commands.CommandInvokeError)
    wrapped.original = inner
    assert explain(wrapped).sentence == explain(inner).sentence


@pytest.mark.parametrize("kind", [app_commands.TransformerError, app_commands.CommandNotFound])
def test_what_discord_cannot_read_is_a_slip_too(kind):
    assert explain(kind.__new__(kind)).reference is None


def test_references_are_short_and_differ():
    references = {explain(KeyError("x")).reference for _ in range(50)}
    assert len(references) > 40
    assert all(re.fullmatch(r"[A-Z2-9]{4}", one) for one in references)


def test_names_are_shown_letter_for_letter():
    said = explain(NameTaken("__name__", 7)).sentence
    assert r"**\_\_name\_\_ belongs to <@7> already.**" in said


def test_what_was_meant_is_called_by_its_name():
    script = explain(ItemUnknown("x")).sentence
    product = explain(ItemUnknown("x", meant=ItemKind.PRODUCT)).sentence
    assert "no script called" in script
    assert "no product called" in product
    over = explain(NothingToRevoke(SCRIPT, "ann_t")).sentence
    assert r"ann\_t has no access to" in over
