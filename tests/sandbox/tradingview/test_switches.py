"""Turning switches: what is accepted, and how they are shown to a person."""

import json
from datetime import timedelta

import pytest

from bot.sandbox.tradingview import FakeTradingView, Switches, World, furnish, picture
from tests.support.fake_time import START

FEATURED = {"down", "latency", "login_ends", "logged_out", "lost_answers", "silent_ok"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("down", 1),
        ("down", "true"),
        ("lost_answers", -2),
        ("lost_answers", 1.5),
        ("lost_answers", True),
        ("latency", "5"),
        ("latency", -1),
        ("latency", float("nan")),
        ("latency", True),
        ("filter", "fuzzy"),
        ("filter", None),
        ("hint_limit", 0),
        ("no_such_switch", True),
        ("rules", []),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(name, value):
    switches = Switches()
    before = switches.describe()
    with pytest.raises(ValueError, match=name):
        switches.set(name, value)
    assert switches.describe() == before


def test_a_misspelt_switch_is_an_error():
    with pytest.raises(AttributeError, match="dwon"):
        Switches().dwon = True


def test_a_wrong_value_is_refused_by_assignment_too():
    with pytest.raises(ValueError, match="silent_ok"):
        Switches().silent_ok = "ever"


def test_a_whole_number_does_where_a_number_is_asked():
    switches = Switches()
    switches.set("latency", 2)
    assert switches.latency == 2.0


def test_every_switch_is_described_for_a_person():
    described = Switches().describe()
    assert json.loads(json.dumps(described)) == described
    for known in described:
        assert known["value"] == known["default"]
        assert known["kind"] in {"bool", "int", "choice", "number"}
        assert (known["kind"] == "choice") == bool(known["choices"])
        assert known["label"][0].isupper()
        assert "_" not in known["label"].replace("sessionid_sign", "")
    labels = [known["label"] for known in described]
    assert len(set(labels)) == len(labels)
    assert {known["name"] for known in described if known["featured"]} == FEATURED


def test_described_values_follow():
    switches = Switches()
    switches.down = True
    [down] = [known for known in switches.describe() if known["name"] == "down"]
    assert (down["value"], down["default"]) == (True, False)


def test_reset_brings_every_default_back():
    switches, fresh = Switches(), Switches()
    for name, value in Switches.positions():
        switches.set(name, value)
    switches.down = True
    switches.fault("errors_500", times=-1)
    switches.reset()
    assert switches.describe() == fresh.describe()
    assert switches.rules == []


def test_switches_of_two_stand_ins_are_their_own():
    one, other = FakeTradingView(), FakeTradingView()
    one.switches.down = True
    one.switches.fault("errors_500")
    assert not other.switches.down
    assert not other.switches.rules


class TestWorld:
    @pytest.fixture
    def world(self):
        return World(lambda: START)

    def test_names_are_taken_in_any_case(self, world):
        user = world.add_user("Ann_Trades")
        with pytest.raises(ValueError, match="ANN_TRADES"):
            world.add_user("ANN_TRADES")
        other = world.add_user("bob-fx")
        with pytest.raises(ValueError, match="ann_trades"):
            world.rename_user(other, "ann_trades")
        world.rename_user(user, "ANN_trades")
        assert world.find_user("ann_trades").username == "ANN_trades"

    def test_a_pine_id_is_taken_once(self, world):
        vendor = world.add_vendor("V")
        script = world.add_script(vendor)
        assert script.pine_id.startswith("PUB;")
        assert len(script.pine_id) == 36
        with pytest.raises(ValueError, match="PUB;"):
            world.add_script(vendor, script.pine_id)
        assert list(world.owned_by(vendor)) == [script]

    def test_secrets_are_in_no_repr(self, world):
        sessionid, sign = world.open_session(world.add_vendor("V"))
        assert sessionid not in repr(world.sessions)
        assert sign not in repr(world.sessions)

    def test_ending_all_sessions(self, world):
        vendor = world.add_vendor("V")
        pairs = [world.open_session(vendor) for _ in range(2)]
        world.end_all_sessions()
        for pair in pairs:
            assert world.find_session(*pair, sign_required=True) is None

    def test_the_sample_has_more_than_a_page_and_names_that_begin_alike(self, world):
        sample = furnish(world, START)
        first, second = sample.scripts
        assert len(world.rows(first.pine_id)) > 30
        assert world.rows(second.pine_id) == []
        names = {user.username.casefold() for user in world.users}
        assert {"ann_trades", "ann_trades2"} <= names
        assert world.find_session(sample.sessionid, sample.sign, sign_required=True)
        rows = world.rows(first.pine_id)
        assert {row.is_live(START) for row in rows} == {True, False}
        assert None in {row.end for row in rows}

    def test_a_picture_is_json_with_every_row(self, world):
        sample = furnish(world, START)
        world.grant(sample.scripts[1].pine_id, "carla", START + timedelta(days=1))
        shown = json.loads(json.dumps(picture(world, START)))
        assert [len(script["rows"]) for script in shown] == [45, 1]
        [row] = shown[1]["rows"]
        assert (row["username"], row["live"]) == ("carla", True)
        assert row["end"] == "2026-03-11T12:00:00.000000+00:00"
