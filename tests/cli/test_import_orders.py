"""`usher import --as`: a file of orders from the terminal, with a bot beside it or without."""

import asyncio
import csv
import io
import stat

import pytest
from click import UsageError
from click.testing import CliRunner

from bot.access.orders.bulk import runner
from bot.cli import batch_follow, bulk_import
from bot.cli.office import opened
from bot.cli.usher import usher
from bot.errors import StartupError
from bot.store.engine.lock import alone_with
from tests.cli.test_import import shop  # noqa: F401 - the fixture
from tests.cli.test_session import HOME, rows

NAMES = ("Ann_Trades", "bob-fx", "Cy_Pays")


@pytest.fixture
def office(shop, monkeypatch):  # noqa: F811
    """The shop, with people on TradingView, and nobody at the terminal who could be asked."""
    monkeypatch.setattr(bulk_import, "_is_asked", lambda: False)
    for name in NAMES:
        shop.world.add_user(name)
    return shop


def listed(office, text, name="members.csv"):
    path = office.tmp_path / name
    path.write_text(text)
    return path


def given(office, names=NAMES, length="1M"):
    lines = "".join(f"{name},trend,{length}\n" for name in names)
    return listed(office, f"username,item,duration\n{lines}")


def test_a_dry_run_says_what_would_change_and_changes_nothing(office, tmp_path):
    said = office.imports(given(office), "--as", "grant", "--note", "=1+1")
    assert said.exit_code == 0
    assert (
        "Preview: give time, for everybody in members.csv. Nothing is changed yet." in said.output
    )
    assert "3 people get more time" in said.output
    assert "3 people get more time; 3 of them have no access now" in said.output
    assert "New ends: " in said.output
    assert "It takes less than a minute." in said.output
    assert "Note: =1+1" in said.output
    assert said.output.endswith("Nothing was changed. The same with --yes starts it.\n")
    assert rows(tmp_path, "SELECT * FROM batch") == rows(tmp_path, 'SELECT * FROM "order"') == []
    assert office.writes_to_tradingview() == []
    assert not any(sign in said.output for sign in "✅⚠️⏱👥📅▫*`")


def test_mistakes_are_told_by_kind_with_what_mends_them_and_are_a_file(office, tmp_path):
    path = listed(
        office,
        "username,item,duration\nAnn_Trades,trend,1M\nbob-fx,trend,soon\nCy_Pays,trend,later\n"
        ",trend,1M\nNobody_There,trend,1M\n",
    )
    mend = tmp_path / "mend.csv"
    said = office.imports(path, "--as", "grant", "--mistakes", mend)
    assert said.exit_code == 0
    assert f"3 rows have a mistake (all of them are in {mend}):" in said.output
    assert (
        "- 2 with a duration that I cannot read (lines 3 and 4). Write 7D, 2W, 1M, 1Y, or L"
        in said.output
    )
    assert "- 1 naming nobody (line 5). Fill in username or discord_id." in said.output
    assert "1 name is unknown to TradingView" in said.output
    assert "Unknown to TradingView:\n  Nobody_There (line 6)" in said.output
    assert stat.S_IMODE(mend.stat().st_mode) == 0o600
    found = list(csv.DictReader(io.StringIO(mend.read_text("utf-8-sig"))))
    assert [row["line"] for row in found] == ["3", "4", "5", "6"]
    before = mend.read_bytes()
    with pytest.raises(StartupError, match="there already, and nothing is overwritten"):
        office.imports(path, "--as", "grant", "--mistakes", mend)
    assert mend.read_bytes() == before
    assert office.imports(path, "--as", "grant", "--mistakes", mend, "--force").exit_code == 0
    mended = mend.read_text("utf-8-sig").replace("soon", "1M").replace("later", "1Y")
    once_more = listed(office, "".join(mended.splitlines(keepends=True)[:3]), "mended.csv")
    none = tmp_path / "none.csv"
    said = office.imports(once_more, "--as", "grant", "--mistakes", none)
    assert "2 people get more time" in said.output
    assert f"No row has a mistake, so {none} was not written." in said.output
    assert not none.exists()


def test_without_a_bot_the_command_carries_it_out_itself(office, tmp_path):
    results = tmp_path / "results.csv"
    said = office.imports(given(office, length="L"), "--as", "grant", "--yes", "--results", results)
    assert said.exit_code == 0, said.output
    assert "Batch 1 is carried out here, as Usher does not run." in said.output
    assert "Batch 1 is done" in said.output
    assert "3 done · 0 failed" in said.output
    assert "/bulk undo 1" in said.output
    assert {office.end(name) for name in NAMES} == {None}
    assert len(office.writes_to_tradingview()) == 3
    found = list(csv.DictReader(io.StringIO(results.read_text("utf-8-sig"))))
    assert [row["state"] for row in found] == ["done"] * 3
    assert rows(tmp_path, "SELECT state, actor_kind, actor_id FROM batch") == [
        ("done", "member", "0")
    ]
    again = office.imports("--follow", "1")
    assert again.exit_code == 0
    assert "Batch 1 is done" in again.output


def test_beside_a_bot_the_command_only_follows(office, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_follow, "EVERY", 0.02)
    monkeypatch.setattr(runner, "IDLE", 0.02)
    monkeypatch.setattr(runner, "AT_LEAST", 0.0)

    async def beside_a_bot():
        async with alone_with(office.settings.database_url), opened(office.settings) as bot:
            await bot.carry_out()
            return await asyncio.to_thread(office.imports, given(office), "--as", "grant", "--yes")

    said = asyncio.run(beside_a_bot())
    assert said.exit_code == 0
    assert "Batch 1 is carried out by the running Usher. Ctrl-C stops only this" in said.output
    assert "Batch 1 is done" in said.output
    assert len(office.writes_to_tradingview()) == 3


def test_a_yes_on_the_terminal_starts_it_and_anything_else_does_not(office, tmp_path, monkeypatch):
    monkeypatch.setattr(bulk_import, "_is_asked", lambda: True)
    path = given(office)
    for typed in ("n\n", "\n", ""):
        said = office.imports(path, "--as", "grant", typed=typed)
        assert "Start for 3 people? [y/N]" in said.output
        assert said.exit_code == 0
        assert "\nNothing was changed.\n" in said.output
    assert rows(tmp_path, "SELECT * FROM batch") == []
    said = office.imports(path, "--as", "grant", typed="y\n")
    assert "Batch 1 is done" in said.output
    assert said.exit_code == 0


def test_what_fails_and_what_has_a_mistake_ends_with_one(office):
    path = listed(office, "username,item,duration\nAnn_Trades,trend,L\nbob-fx,trend,soon\n")
    said = office.imports(path, "--as", "grant", "--yes")
    assert "Batch 1 is done" in said.output
    assert said.exit_code == 1
    assert office.end("Ann_Trades") is None


def test_nothing_to_do_is_said(office, tmp_path):
    path = listed(office, "username,item\nAnn_Trades,trend\n")
    said = office.imports(path, "--as", "revoke")
    assert said.exit_code == 0
    assert "There is nothing to do: nobody's access would change." in said.output
    assert "Nothing was changed." in said.output
    none = listed(office, "username,item,duration\nAnn_Trades,trend,soon\n")
    said = office.imports(none, "--as", "grant", "--yes")
    assert said.exit_code == 1
    assert "There is nothing to carry out. Nothing was changed. Mend the mistakes" in said.output
    assert rows(tmp_path, "SELECT * FROM batch") == []


def test_a_batch_that_ends_the_access_of_many_waits_for_a_manager(office, tmp_path):
    assert office.imports(given(office), "--as", "grant", "--yes").exit_code == 0
    office.raw("UPDATE guild SET approval_above = 2")
    before = len(office.writes_to_tradingview())
    said = office.imports(given(office), "--as", "revoke", "--yes")
    assert said.exit_code == 0
    assert "Batch 2 waits for a manager" in said.output
    assert "/bulk show 2" in said.output
    assert rows(tmp_path, "SELECT state FROM batch WHERE id = 2") == [("approval",)]
    assert "Batch 2 waits for a manager" in office.imports("--follow", "2").output
    assert len(office.writes_to_tradingview()) == before


def test_a_fee_needs_a_yes_of_its_own(office, tmp_path, monkeypatch):
    office.raw(f"INSERT INTO seat_watch (guild_id, guard) VALUES ({HOME}, 1)")
    names = [f"Buyer_{number}" for number in range(101)]
    for name in names:
        office.world.add_user(name)
    path = given(office, names)
    said = office.imports(path, "--as", "grant", "--yes")
    assert said.exit_code == 1
    assert "101 people have access at the month's end." in said.output
    assert "--yes does not agree to a fee" in said.output
    assert rows(tmp_path, "SELECT * FROM batch") == []
    monkeypatch.setattr(bulk_import, "_is_asked", lambda: True)
    said = office.imports(path, "--as", "grant", typed="y\nn\n")
    assert said.output.endswith("Nothing was changed.\n")
    assert rows(tmp_path, "SELECT * FROM batch") == []
    assert office.writes_to_tradingview() == []


def test_without_a_login_nothing_is_started(office, tmp_path):
    office.raw("DELETE FROM session")
    with pytest.raises(StartupError, match="usher session set"):
        office.imports(given(office), "--as", "grant", "--yes")
    assert rows(tmp_path, "SELECT * FROM batch") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--as grant"),
        (("--as", "grant", "--from", "whop"), "either --as"),
        (("--as", "grant", "--apply"), "--apply belongs to --from"),
        (("--from", "whop", "--yes"), "--yes belongs to --as"),
        (("--follow", "1"), "takes no FILE"),
        (("--as", "grant", __file__), "one file"),
    ],
)
def test_two_ways_at_once_or_none_are_a_sentence(arguments, words):
    said = CliRunner().invoke(usher, ["import", __file__, *arguments])
    assert said.exit_code == UsageError.exit_code
    assert words in said.output
    assert "Nothing was changed." in said.output


def test_what_is_wrong_with_the_options_or_the_file_is_a_sentence(office):
    for arguments, words in (
        (("--as", "revoke", "--duration", "1M"), "leave out --duration"),
        (("--as", "grant", "--duration", "1M", "--until", "2D"), "either --duration or --until"),
        (("--as", "grant", "--note", "x" * 201), "too long"),
    ):
        with pytest.raises(StartupError, match=words):
            office.imports(given(office), *arguments)
    for arguments, words in (
        (("--as", "grant", "--duration", "soon"), "soon"),
        (("--as", "grant", "--until", "01/02/2030"), "Nothing was changed."),
    ):
        said = office.imports(given(office), *arguments)
        assert said.exit_code == 1
        assert words in said.output
    said = office.imports(listed(office, "a,b\n1,2\n"), "--as", "grant")
    assert said.exit_code == 1
    assert "Nothing was changed." in said.output
    said = office.imports("--follow", "77")
    assert said.exit_code == 1
    assert "That batch is not here." in said.output
