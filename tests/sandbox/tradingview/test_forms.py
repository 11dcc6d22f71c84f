"""The stand-in tells the same facts in forms that nobody has seen yet, each in one place."""

import json

import pytest

from bot.sandbox.tradingview import Switches
from bot.sandbox.tradingview.answers import as_json, script_not_found
from bot.sandbox.tradingview.schema_mutations import FORMS, KNOWN, reshaped

ROW = {"id": 1, "username": "Ann", "expiration": "2026-11-30T23:59:59.999000+00:00"}
ANSWERS = {
    "list": {"results": [ROW], "next": "/pine_perm/list_users/?c=x"},
    "hint": [{"id": 1, "username": "Ann", "inactive": False}],
    "details": {"coins": 0},
    "published": [{"scriptIdPart": "PUB;1"}],
    "pubscripts": [{"scriptIdPart": "PUB;1", "scriptName": "Trend"}],
    "add": {"status": "ok"},
}


def changed(form):
    return [
        name
        for name, body in ANSWERS.items()
        if json.loads(reshaped(as_json(200, body), name, form).body) != body
    ]


def test_the_known_form_changes_nothing():
    assert Switches().form == KNOWN
    assert changed(KNOWN) == []


@pytest.mark.parametrize("form", [form for form in FORMS if form != KNOWN])
def test_every_other_form_changes_one_answer_and_no_refusal(form):
    assert len(changed(form)) == 1
    refusal = script_not_found("PUB;1")
    assert all(reshaped(refusal, name, form) == refusal for name in ANSWERS)


async def test_the_switch_reaches_what_is_sent(site, tv):
    tv.world.grant(next(iter(tv.world.scripts)), "Ann_Trades", None)
    tv.switches.form = "rows renamed"
    answer = await site.list()
    assert set(answer.said) == {"users", "next"}
