"""Catalogue, checklist and login in words: every state, and never longer than Discord takes."""

from datetime import UTC, datetime

import pytest

from bot.access.catalogue.scripts import Added, Entry
from bot.access.logins.sessions import LoginCheck, LoginState, LoginStatus, Updated
from bot.access.people.customers import Unlinked
from bot.access.people.guild_settings import ProofLeft, Setup
from bot.replies import history, login, people, scripts, setup
from bot.replies.tone import Tone
from bot.store.records import Event, Script, Untaken
from bot.tradingview.models import Hint

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG = "_*" * 50


def script(**values):
    rest = {
        "id": 1,
        "guild_id": 1,
        "pine_id": "PUB;" + "a" * 64,
        "slug": "s" * 32,
        "title": LONG,
        "archived_at": None,
        "paused_at": None,
        "paused_reason": None,
    }
    return Script(**(rest | values))


@pytest.mark.parametrize(
    ("left", "said"), [(0, "no spare is"), (1, "1 spare is"), (2, "2 spares are")]
)
def test_the_history_counts_the_spare_logins(left, said):
    facts = dict.fromkeys(Event.__annotations__) | {"after": {"left": left}}
    entry = Event(**(facts | {"action": "session_spare_dead", "actor_kind": "usher"}))
    assert history.line(entry, None, None).endswith(f"{said} left")


def ready(**values):
    rest = {
        "staff": frozenset({5}),
        "manager": frozenset(),
        "log_channel_id": 7,
        "login": LoginState.ALIVE,
        "account": "Vendor_One",
        "scripts": 3,
        "claims": 0,
        "untaken": Untaken(0, 0),
        "unread": (),
        "proven_at": NOW,
    }
    return Setup(**(rest | values))


def fits(answer):
    assert len(answer.text) <= 2000
    for embed in answer.embeds:
        assert len(embed.description) <= 4096
    answer.board()
    return answer.text + "".join(embed.description for embed in answer.embeds)


def button(answer):
    return [one.label for one in answer.buttons]


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ({}, []),
        ({"staff": frozenset()}, ["Choose the role for staff"]),
        ({"log_channel_id": None}, ["Choose the channel"]),
        ({"login": LoginState.NONE}, ["Add the TradingView login"]),
        ({"login": LoginState.DEAD}, ["Add the TradingView login"]),
        ({"scripts": 0}, ["Choose from my scripts", "Add one by hand"]),
        ({"scripts": 0, "staff": frozenset()}, ["Choose the role for staff"]),
        (
            {"staff": frozenset(), "log_channel_id": None},
            ["Make role and channel for me", "Choose the role for staff"],
        ),
        ({"untaken": Untaken(118, 120)}, ["Take over 118 people"]),
        ({"untaken": Untaken(118, 120), "proven_at": None}, ["Take over 118 people"]),
        ({"proven_at": None}, ["Prove that it works"]),
        ({"untaken": Untaken(1, 1), "log_channel_id": None}, ["Choose the channel"]),
        ({"unread": (script(),) * 60}, []),
    ],
)
def test_the_checklist_has_one_button_for_the_next_open_step(values, label):
    answer = setup.checklist(ready(**values), 1)
    assert button(answer) == label
    fits(answer)


@pytest.mark.parametrize(
    "open_step",
    [
        {"untaken": Untaken(2, 3)},
        {"unread": (script(),)},
        {"proven_at": None},
        {"tester": ProofLeft("__T__", NOW)},
    ],
)
def test_not_everything_is_set_up_while_people_are_not_taken_over(open_step):
    assert "Everything is set up" in fits(setup.checklist(ready(), 1))
    assert setup.checklist(ready(), 1).edge is Tone.DONE
    assert "Everything is set up" not in fits(setup.checklist(ready(**open_step), 1))


def test_the_checklist_names_managers_waiting_requests_and_a_dead_login():
    text = fits(
        setup.checklist(
            ready(manager=frozenset({8, 9}), claims=2, login=LoginState.DEAD, account=None), 1
        )
    )
    assert "<@&8> and <@&9>" in text
    assert "2 members wait" in text
    assert "❌ TradingView login" in text


def test_the_catalogue_fits_however_large_it_is():
    entries = [Entry(script(archived_at=AT, paused_at=AT, paused_reason="x" * 500), 9)] * 60
    text = fits(scripts.listing(entries))
    assert "archived" in text
    assert "TradingView refuses it" in text
    assert "no scripts yet" in fits(scripts.listing([]))


@pytest.mark.parametrize("holders", [0, 1, 1500])
def test_archiving_says_how_many(holders):
    entry = Entry(script(title="Trend"), holders)
    said = fits(scripts.archive(entry, ())) + fits(scripts.archived(entry))
    assert {0: "Nobody has it", 1: "1 person still has it", 1500: "1,500 people still have it"}[
        holders
    ] in said


def test_archiving_says_how_many_of_them_were_not_taken_over():
    some = Entry(script(title="Trend"), 75, 74)
    for said in (scripts.archive(some, ()), scripts.archived(some), scripts.listing([some])):
        assert "75 people" in fits(said)
        assert "74 of them not taken over yet" in fits(said)
    assert "have it, not taken over yet" in fits(scripts.archive(Entry(script(), 2, 2), ()))


def test_a_script_with_an_odd_id_is_pointed_out():
    assert "not 32" in fits(scripts.added(Added(script(), usual_length=False, again=True)))
    assert "is back" in fits(scripts.added(Added(script(), usual_length=True, again=True)))
    assert "is added" in fits(scripts.added(Added(script(), usual_length=True, again=False)))


def test_new_cookies_with_everything_that_can_be_wrong():
    text = fits(
        login.updated(Updated(None, has_sign=False, missing=(LONG,) * 30, unchecked=("Tail",)))
    )
    assert "`sessionid_sign`, is missing" in text
    assert "25 more" in text
    assert "no answer about **Tail**" in text


@pytest.mark.parametrize(
    ("state", "verdict", "words"),
    [
        (LoginState.NONE, LoginCheck.DEAD, "no TradingView login yet"),
        (LoginState.ALIVE, LoginCheck.ALIVE, "works as Vendor"),
        (LoginState.ALIVE, LoginCheck.UNKNOWN, "worked when last tested"),
        (LoginState.DEAD, LoginCheck.DEAD, "has ended"),
    ],
)
def test_the_state_of_the_login_in_words(state, verdict, words):
    for set_by in (5, None):
        it = LoginStatus(state, AT, "Vendor_One", AT, set_by, AT, has_sign=False)
        answer = login.status(it, verdict, 1)
        assert words in fits(answer)
        spare = state is LoginState.ALIVE  # the offer to add one
        assert len(answer.buttons) == 1 + spare


def test_unlinking_says_what_was_let_go_of():
    assert "took back your request for Ann" in fits(people.unlinked(Unlinked(None, "Ann")))
    assert "no longer tied" in fits(people.unlinked(Unlinked("Ann", "Bob")))


def test_a_sleeping_user_is_pointed_out():
    hint = Hint("Ann_Trades", 1, inactive=True)
    assert "not active" in fits(people.exists(hint))
    assert "not active" in fits(people.is_it_you(hint, ()))


def test_names_are_shown_letter_for_letter_within_bold():
    text = people.exists(Hint("__ann__", 1, inactive=False)).text
    assert r"**\_\_ann\_\_ exists" in text
    assert "****" not in text
