"""Full checks, taking over and differences in words: never longer than Discord takes."""

import dataclasses
import re
from datetime import UTC, datetime

import pytest

from bot.access.catalogue.discovery import Chosen, Offer
from bot.access.catalogue.errors import ScriptNotYours
from bot.access.catalogue.scripts import Added
from bot.access.rules.entitlements import State
from bot.access.sweeps.adopt import PAGE, Strangers, Taken, TakenEverywhere
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.repair import Repaired, Standing
from bot.access.sweeps.reports import SHOWN, Overall, Report
from bot.access.sweeps.sweep import Progress
from bot.replies import Message, discovery, drift, sweeps
from bot.replies.tone import Tone
from bot.store.kinds import Reason, StateKind
from bot.store.records import Numbers, Permission, Script, Untaken
from bot.store.sweeps.sightings import Sighting
from bot.store.sweeps.sweeps import Sweep

NAME = "__" + "N" * 200 + "__"
TITLE = "*" * 50 + "`" * 50
WHEN = datetime(2026, 3, 10, tzinfo=UTC)
BIG = 2**62


def record(kind, /, **values):
    return kind(**({field.name: None for field in dataclasses.fields(kind)} | values))


SCRIPT = record(Script, id=BIG, guild_id=BIG, slug="s" * 32, title=TITLE, pine_id="PUB;" + "a" * 64)
NUMBERS = Numbers(undated=410_000, dated=180_000, lapsed=22_000, strangers=590_000)
NOBODY = Numbers(0, 0, 0, 0)
EVERYWHERE = Untaken(59_000_000, 61_000_000)
SWEEP = record(Sweep, id=BIG, ended_at=WHEN)


def report(kinds=tuple(Kind), **values):
    one = Difference(
        Kind.OTHER_END,
        NAME,
        State(StateKind.UNTIL, WHEN),
        State(StateKind.LIFETIME),
        record(Permission, id=BIG, reason=Reason.REFUSED, revision=1),
    )
    rest = {
        "script": SCRIPT,
        "sweep": SWEEP,
        "numbers": NUMBERS,
        "counts": dict.fromkeys(kinds, 1_000_000),
        "shown": dict.fromkeys(kinds, (one,) * SHOWN),
        "longer": 12_345,
        "ignored": 99,
    }
    return Report(**(rest | values))


def fits(answer):
    assert len(answer.content) <= 2_000
    assert sum(len(embed) for embed in answer.embeds) <= 6_000
    for embed in answer.embeds:
        assert len(embed.description or "") <= 4_096
    keys = []
    board = answer.board()
    for row in board.to_components() if board else ():
        for part in row["components"]:
            keys.append(part["custom_id"])
            assert len(part["custom_id"]) <= 100
            assert 1 <= len(part.get("label", "x")) <= 80
            options = part.get("options", ())
            assert len(options) <= 25
            assert len({one["value"] for one in options}) == len(options)
            for one in options:
                assert 1 <= len(one["label"]) <= 100
                assert len(one["value"]) <= 100
    assert len(set(keys)) == len(keys)
    return answer.text


def test_a_report_fits_however_much_differs():
    text = fits(drift.report(report(), BIG))
    assert "4,410,000 things differ" in text
    assert "590,000 people are not taken over yet" in text
    for kind in Kind:
        fits(drift.report(report((kind,)), BIG))


def test_nothing_that_differs_and_nothing_that_was_checked():
    none = report((), ignored=0, numbers=NOBODY)
    assert "Everything is as it should be" in fits(drift.report(none, BIG))
    never = report((), sweep=None, ignored=0, numbers=NOBODY)
    text = fits(drift.report(never, BIG))
    assert "never checked in full" in text
    assert "Everything is as it should be" not in text


def test_what_a_button_does_stands_on_it():
    labels = [one.label for one in drift.report(report(), BIG).buttons]
    assert "End access of 1,000,000 people" in labels
    assert "Correct 1,000,000 ends (12,345 get less)" in labels
    assert not any("same name" in label and "Ignore" not in label for label in labels)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (Numbers(410, 180, 22, 590), "612 people: 410 without an end, 180 dated, 22 lapsed"),
        (Numbers(0, 1, 0, 1), "1 person: 1 dated"),
        (Numbers(0, 0, 0, 0), "nobody"),
    ],
)
def test_who_is_there(numbers, words):
    assert sweeps.people(numbers) == words


def test_after_adding_one_script_and_many():
    first = Message("✅ **Trend is added.**")
    fits(sweeps.after_adding(first, [report()], Untaken(590_000, 590_000), BIG))
    many = sweeps.after_adding(first, [report()] * 100, EVERYWHERE, BIG)
    assert "59,000,000 people are not taken over yet**, with 61,000,000 accesses" in fits(many)
    assert [one.label for one in many.buttons] == ["Take over 59,000,000 people"]
    lapsed = [report(numbers=Numbers(0, 0, 3, 0))]
    assert sweeps.after_adding(first, lapsed, Untaken(0, 0), BIG).buttons == ()
    fits(sweeps.taken(Taken(SCRIPT, 5, 2), BIG))
    every = fits(sweeps.taken_everywhere(TakenEverywhere(4, (Taken(SCRIPT, 5, 2),) * 60)))
    assert "✅ **4 people taken over**, with 300 accesses," in every
    assert "120 people were left out" in every


def test_a_list_to_choose_from():
    people = tuple(
        record(Sighting, id=index, username=NAME, ends_at=WHEN if index % 2 else None)
        for index in range(PAGE)
    )
    fits(sweeps.choose(Strangers(SCRIPT, people, 7, 900, 22_500), BIG))
    fits(sweeps.choose(Strangers(SCRIPT, people[:1], 0, 1, 1), BIG))
    done = fits(sweeps.choose(Strangers(SCRIPT, (), 0, 1, 0), BIG, Taken(SCRIPT, 2, 1)))
    assert done.startswith("✅ **2 people taken over.**")
    assert "1 person was left out" in done
    assert "nobody left" in done


@pytest.mark.parametrize(
    "it",
    [
        Progress(SCRIPT),
        Progress(SCRIPT, expected=105, quiet_until=WHEN),
        Progress(SCRIPT, rows=900, expected=600),
        Progress(SCRIPT, rows=30, expected=1_000_000),
        Progress(SCRIPT, rows=600, expected=600, named=3, to_name=9),
    ],
)
def test_progress(it):
    assert fits(sweeps.progress(it)).startswith("⏳ **Checking")


def test_the_bar_is_never_too_long():
    assert len({len(sweeps.bar(*of)) for of in ((0, 0), (0, 9), (5, 9), (99, 9))}) == 1


def test_the_queue_with_differences():
    calm = Message("✅ **Everything is on TradingView.** Nothing waits.")
    assert sweeps.with_differences(calm, Overall((), (), Untaken(0, 0)), BIG) is calm
    text = fits(sweeps.with_differences(calm, Overall(((SCRIPT, 3),), (), Untaken(0, 0)), BIG))
    assert "Everything is on TradingView" not in text
    assert "not taken over" not in text
    new = sweeps.with_differences(calm, Overall((), ((SCRIPT, 3),), Untaken(3, 3)), BIG)
    assert "differ" not in fits(new)
    assert "3 people are not taken over yet**:" in new.text
    assert new.buttons[0].label == "Take over 3 people"
    waiting = Message("**1 order waiting.**", tone=Tone.LOOK)
    assert (
        sweeps.with_differences(waiting, Overall((), ((SCRIPT, 3),), EVERYWHERE), BIG).edge
        is Tone.LOOK
    )
    many = tuple((dataclasses.replace(SCRIPT, id=index), 3_000) for index in range(60))
    fits(sweeps.with_differences(calm, Overall(many, many, EVERYWHERE), BIG))


def test_mending_and_putting_back():
    it = Repaired(SCRIPT, 7, 7, str(BIG))
    fits(drift.repairs(it, Standing(7, 4, 1)))
    assert "✅ **7 orders on" in fits(drift.repaired(it, Standing(7, 0, 0), BIG))
    assert "goes on by itself" in fits(drift.repaired(it, Standing(7, 4, 0), BIG))
    stuck = fits(drift.repaired(it, Standing(7, 0, 1), BIG))
    assert "⚠️ **6 of 7 orders" in stuck
    assert "1 order is stuck" in stuck
    fits(drift.put_back(7))
    fits(drift.kept(Taken(SCRIPT, 1, 0), BIG))
    said = fits(drift.ignored(1, Kind.NAMESAKE, report(), BIG))
    assert len(re.findall(r"(?<!\\)\*\*", said)) == 2  # no bold inside bold


def test_scripts_to_discover():
    offers = [Offer(f"PUB;{index:064}", TITLE) for index in range(200)]
    offers += [Offer(f"PUB;x{index:063}", TITLE, slug="s" * 32) for index in range(60)]
    offers += [Offer(f"PUB;y{index:063}", TITLE, elsewhere=True) for index in range(60)]
    answer = discovery.found(offers, BIG)
    fits(answer)
    assert len(answer.items) == 5
    assert "The login works" in fits(discovery.found([], BIG))
    chosen = Chosen(
        (Added(SCRIPT, usual_length=True, again=False),) * 60,
        ((TITLE, ScriptNotYours("x" * 300)),) * 60,
    )
    fits(discovery.added(chosen))
