"""`usher check --tradingview` tells what differs and what it saw, writes only when asked, and leaves nothing."""

import asyncio
import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from bot import clock, tradingview_accounts
from bot.__main__ import main
from bot.access.logins.cookies import pack
from bot.cli import prompts
from bot.doctor import tradingview as checking
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.logins import sessions
from bot.store.vault import Vault
from bot.tradingview import Cookies, shared_limiter
from tests.support.fake_time import FakeTime, eventually
from tests.support.vendor_fixture import new_database

KEY = Fernet.generate_key().decode()
PINE = "PUB;" + "a" * 32
GUILD = 4711
NAMES = ("Vendor_One", "Ann_Trades", "ann_trades2", "bob-fx", "Tess_Tester")


class Hasty(FakeTime):
    """Every pause is over at once, and has passed."""

    async def sleep(self, seconds):
        self._now += timedelta(seconds=max(0, seconds))
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def time(monkeypatch, tmp_path):
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        shared_limiter, "RENEW", 0
    )  # looks beside the work must not move this clock
    with clock.taken_from(Hasty()):
        yield


@pytest.fixture
async def tv():
    fake = FakeTradingView(now=clock.now, sleep=clock.sleep)
    fake.vendor = fake.world.add_vendor("Vendor_One")
    fake.world.add_script(fake.vendor, PINE, "Trend")
    for name in NAMES[1:]:
        fake.world.add_user(name)
    fake.world.grant(PINE, "bob-fx", clock.now() + timedelta(days=3))
    fake.world.grant(PINE, "Ann_Trades", clock.now() - timedelta(days=3))
    fake.world.grant(PINE, "ann_trades2", None)
    await fake.start()
    yield fake
    await fake.close()


@pytest.fixture
async def cookies(tv, monkeypatch, tmp_path):
    for name, value in {
        "TRADINGVIEW_URL": tv.url,
        "PINE_FACADE_URL": tv.url,
        "SECRET_KEY": KEY,
        "DATABASE_URL": url(tmp_path),
        "TV_PACE": "1",
    }.items():
        monkeypatch.setenv(name, value)
    pair = Cookies(*tv.world.open_session(tv.vendor))
    now = clock.now()
    address = await asyncio.to_thread(new_database, tmp_path)
    async with open_database(address) as database, database.write() as connection:
        await guilds.ensure(connection, GUILD, now)
        account = await sessions.ensure_account(connection, GUILD, now)
        await sessions.name_account(connection, account.id, "Vendor_One")
        sealed = Vault(KEY).seal(pack(pair))
        await sessions.put(connection, account.id, version=1, sealed=sealed, by=None, at=now)
        await add(connection, PINE, "trend")
    return pair


def url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path}/usher.db"


async def add(connection, pine_id, slug):
    await scripts.add(
        connection, GUILD, pine_id=pine_id, slug=slug, title=slug, by=1, at=clock.now()
    )


@pytest.fixture
def check(tv, cookies):
    async def check(answer=True, **more):
        lines, asked = [], []

        def ask(question):
            asked.append(question)
            return answer

        code = await checking.run(None, lines.append, ask=ask, **more)
        text = "\n".join(lines)
        for hidden in (cookies.sessionid, cookies.sessionid_sign, PINE, "plot(close)", *NAMES):
            assert hidden not in text
        assert not re.search(r"\b100\d\b", text)  # people's numbers
        check.asked = asked
        return code, text

    return check


def seen(text, number):
    return re.search(rf"^ *{number}\. .*\n +(.*)$", text, re.MULTILINE)[1]


def writes(tv):
    return [call.name for call in tv.log if call.writes]


async def test_it_says_that_all_is_as_known_and_writes_nothing(check, tv):
    code, text = await check()
    assert code == 0
    assert text.count("answers in the known form") == 5
    assert writes(tv) == []
    assert check.asked == []


async def test_it_asks_nothing_while_tradingview_wants_no_question(check, tv, tmp_path):
    settings = Settings(database_url=url(tmp_path))
    async with tradingview_accounts.limiter_of(settings, GUILD) as limiter:
        limiter.hold(7200)  # as a bot beside it
    code, text = await check()
    assert code == 1
    assert "TradingView asked to be left alone until" in text
    assert tv.log == []


async def test_what_only_writes_can_show_is_listed_as_not_seen(check):
    _, text = await check()
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17, 19, 21, 22, 23, 24):
        assert seen(text, number) == "not seen"


@pytest.mark.parametrize("form", ["ends renamed", "suggestions in an object", "account as a list"])
async def test_a_changed_form_is_wrong_and_has_a_mend(check, tv, form):
    tv.switches.form = form
    code, text = await check()
    assert code == 1
    assert text.count("WRONG") == text.count("What to do:") == 1


async def test_new_fields_are_only_worth_knowing(check, tv):
    tv.switches.form = "new fields"
    code, text = await check()
    assert code == 0
    assert "`badge`" in text


@pytest.mark.parametrize(
    ("switch", "position", "number", "told"),
    [
        ("filter", "prefix", 1, "every name that begins so; capitals do not matter there"),
        ("filter", "exact", 1, "that name alone; capitals do not matter there"),
        ("filter", "contains", 1, "every name that it is a part of"),
        ("filter", "everybody", 1, "it finds everybody"),
        ("exact_spelling", True, 1, "capitals matter there"),
        ("max_limit", 30, 10, "40 are refused (HTTP 400, code “bad_pagination_request”)"),
        ("max_limit", 50, 10, "40 are accepted; 3 came"),
        ("logged_out_answer", "401", 14, "the list of users: HTTP 401, code “login_required”"),
        ("logged_out_answer", "403", 14, "the account page: HTTP 403, code “login_required”"),
        ("prunes_expired", False, 12, "they stay: 1 of 3"),
        ("prunes_expired", True, 12, "not seen"),
        ("hint_limit", 1, 18, "1 for 2 letters, 0 of them inactive"),
        ("managed_all", False, 20, "1 scripts, 0 of them open"),
        ("rotations", 0, 16, "not renewed"),
        ("rotations", 1, 16, "renewed just now"),
        ("retry_after", 9.0, 15, "it names 9 seconds"),
    ],
)
async def test_reads_tell_each_position_of_a_question(check, tv, switch, position, number, told):
    tv.switches.set(switch, position)
    if switch == "retry_after":
        tv.switches.fault("too_many", path="list", times=-1)
    _, text = await check()
    assert told in seen(text, number)


async def test_a_login_that_is_renewed_meanwhile_is_kept_for_the_bot(check, tv, cookies, tmp_path):
    tv.switches.rotations, tv.switches.rotation = 1, "pair, old one ends"
    await check()
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        [stored] = await sessions.everything(connection)
    assert stored.session.version == 2
    assert Vault(KEY).open(stored.sealed) != pack(cookies)
    code, _ = await check()
    assert code == 0


async def test_silence_is_told_and_is_no_changed_form(check, tv):
    tv.switches.down = True
    _, text = await check()
    assert "WRONG" not in text
    assert "could not be compared" in text


# --- with a tester -------------------------------------------------------------------------------

TESTER = "tess_tester"


async def test_a_tester_gets_access_and_loses_it_again(check, tv):
    code, text = await check(tester=TESTER)
    assert code == 0
    assert tv.world.row(PINE, TESTER) is None
    assert "the access is removed" in text
    assert "add" in writes(tv)
    assert writes(tv)[-1] == "remove"
    for number in (2, 3, 4, 5, 6, 7, 9, 23):
        assert seen(text, number) != "not seen"


async def test_nobody_else_is_touched(check, tv):
    before = {name: tv.world.row(PINE, name).end for name in NAMES[1:4]}
    await check(tester=TESTER)
    assert {name: tv.world.row(PINE, name).end for name in NAMES[1:4]} == before
    named = {call.form["username_recip"].casefold() for call in tv.log if call.writes}
    assert named == {TESTER}


async def test_nothing_is_written_without_a_yes(check, tv):
    code, text = await check(answer=False, tester=TESTER)
    assert (code, writes(tv)) == (1, [])
    assert "Tess_Tester" in check.asked[0]
    assert "Nothing was written" in text


@pytest.mark.parametrize("name", ["bob-fx", "ANN_TRADES", "nobody_here", "no name!"])
async def test_whoever_is_on_the_list_or_unknown_is_refused_without_a_question(check, tv, name):
    code, _ = await check(tester=name)
    assert (code, writes(tv), check.asked) == (1, [], [])


async def test_with_several_scripts_one_has_to_be_named(check, tv, tmp_path):
    other = tv.world.add_script(tv.vendor, title="Scalper").pine_id
    async with open_database(url(tmp_path)) as database, database.write() as connection:
        await add(connection, other, "scalper")
    code, text = await check(tester=TESTER)
    assert (code, writes(tv)) == (1, [])
    assert "--script and one of these: scalper, trend" in text
    code, _ = await check(tester=TESTER, slug="other")
    assert (code, writes(tv)) == (1, [])
    code, _ = await check(tester=TESTER, slug="scalper")
    assert code == 0
    assert {call.form["pine_id"] for call in tv.log if call.writes} == {other}


async def test_with_a_changed_form_nobody_is_given_anything(check, tv):
    tv.switches.form = "ends renamed"
    code, _ = await check(tester=TESTER)
    assert (code, writes(tv), check.asked) == (1, [], [])


@pytest.mark.parametrize(
    ("switch", "position", "number", "told"),
    [
        ("exact_spelling", False, 2, "any capitals do (HTTP 200, status “ok”)"),
        ("exact_spelling", True, 2, "exact spelling is needed (HTTP 422, code “username_recip"),
        ("add_existing", "exists", 3, "HTTP 200, status “exists”; the end stayed as it was"),
        ("add_existing", "ok, unchanged", 3, "status “ok”; the end stayed as it was"),
        ("add_existing", "ok, changed", 3, "the end changed"),
        ("modify_absent", "404", 4, "HTTP 404"),
        ("modify_absent", "ok", 4, "HTTP 200, status “ok”; nothing was made"),
        ("lifetime_to_dated", "works", 5, "yes"),
        ("lifetime_to_dated", "ignored", 5, "no, it stayed without"),
        ("dated_to_lifetime", "ignored", 6, "no, the end stayed"),
        ("remove_absent", "not_exists", 7, "HTTP 200, status “not_exists”"),
        ("remove_absent", "422", 7, "HTTP 422"),
        ("rounding", "keep", 9, "yes, to the millisecond"),
        ("rounding", "whole seconds", 9, "no: it is -0.123 s off"),
        ("rounding", "end of day", 9, "no: it is +"),
        ("read_delay", 2.5, 23, "a new person: within 4"),  # and what the requests themselves took
    ],
)
async def test_writes_tell_each_position_of_a_question(check, tv, switch, position, number, told):
    tv.switches.set(switch, position)
    _, text = await check(tester=TESTER)
    assert told in seen(text, number)
    assert tv.world.row(PINE, TESTER) is None


FAULTS = {
    "a lost answer": lambda it: it.fault("lost_answers", path="add"),
    "lists that break off": lambda it: it.fault("errors_500", path="list", username=TESTER.title()),
    "a removal that fails": lambda it: it.fault("errors_500", path="remove", times=2),
    "a removal that does nothing": lambda it: it.fault("silent_ok", path="remove", times=1),
    "too fast": lambda it: it.fault("too_many", path="modify", times=5),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_whatever_goes_wrong_the_access_is_removed(check, tv, name):
    FAULTS[name](tv.switches)
    await check(tester=TESTER)
    assert tv.world.row(PINE, TESTER) is None


async def test_access_that_cannot_be_removed_is_said_with_a_mend(check, tv):
    tv.switches.fault("silent_ok", path="remove", times=-1)
    code, text = await check(tester=TESTER)
    assert code == 1
    assert "remove the tester by hand" in text


async def test_whoever_interrupts_it_leaves_nothing_behind(check, tv):
    def hang(call):
        if call.name == "add":
            tv.switches.fault("hang", path="list")

    tv.watchers.append(hang)
    running = asyncio.ensure_future(check(tester=TESTER))
    await eventually(lambda: tv.world.row(PINE, TESTER) is not None)
    running.cancel()
    tv.switches.lift("hang")
    with pytest.raises(asyncio.CancelledError):
        await running
    assert tv.world.row(PINE, TESTER) is None


async def test_without_a_database_or_a_login_it_says_what_to_do(monkeypatch, tv, tmp_path):
    monkeypatch.setenv("TRADINGVIEW_URL", tv.url)
    monkeypatch.setenv("DATABASE_URL", url(tmp_path))
    lines = []
    assert await checking.run(None, lines.append) == 1
    assert "usher session set" in "\n".join(lines)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_reaches_it(monkeypatch):
    given = {}

    async def run(**more):
        given.update(more)
        return 0

    monkeypatch.setattr(checking, "run", run)
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    assert main(["check", "--tradingview", "--write", "Tess", "--script", "trend"]) == 0
    assert (given["tester"], given["slug"], given["ask"]) == ("Tess", "trend", prompts.agreed)
