"""The client against a TradingView on a real socket, one switch off its default at a time."""

import contextlib
from datetime import timedelta

import pytest

from bot.sandbox.tradingview import FakeTradingView, Switches
from bot.tradingview import (
    LIFETIME,
    Cookies,
    Denied,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Uncertain,
    UpstreamTrouble,
    WriteResult,
)
from tests.support.fake_time import FakeTime
from tests.tradingview.upstream import client_of

PINE = "PUB;" + "0123456789abcdef" * 2
CROWD = 70
DAY = timedelta(days=1)


class Shop:
    """A vendor with a crowd of customers, and the client that looks after them."""

    def __init__(self):
        self.time = FakeTime()
        self.tv = FakeTradingView(now=self.time.now, sleep=self.time.sleep)
        world = self.tv.world
        self.vendor = world.add_vendor("Vendor_One")
        world.add_script(self.vendor, PINE)
        for name in ("Ann_Trades", "ann_trades2", "ann_trades3"):
            world.add_user(name)
        for n in range(CROWD):
            end = None if n % 7 == 0 else self.later(n - 10)
            world.grant(PINE, f"member_{n:02}", end)
        self.cookies = Cookies(*world.open_session(self.vendor))
        self.client = None

    def later(self, days):
        """An end as somebody would pick it, with odd milliseconds."""
        return self.time.now() + days * DAY + timedelta(milliseconds=123)

    def held(self, name="Ann_Trades"):
        row = self.tv.world.row(PINE, name)
        return None if row is None else row.end or LIFETIME

    async def seen(self, name="Ann_Trades"):
        """What a reader finds once every delay has passed."""
        await self.time.advance(5)
        return await self.client.find_row(PINE, name)

    async def brings_to(self, end, name="Ann_Trades"):
        """Read, write what is needed, read back: the sequence of wire §14."""
        write = self.client.add if await self.seen(name) is None else self.client.modify
        with contextlib.suppress(Uncertain):  # the read below decides
            await write(PINE, name, end)
        row = await self.seen(name)
        assert row is not None
        assert row.username == name
        if end is LIFETIME:
            assert row.end is LIFETIME
        elif self.tv.switches.rounding == "end of day":
            assert row.end.date() == end.date()
        else:
            assert abs(row.end - end) < timedelta(seconds=1)
        assert self.held(name) == row.end
        return row


@pytest.fixture
async def shop():
    made = Shop()
    await made.tv.start()
    async with client_of(made.tv.url, cookies=lambda: made.cookies) as client:
        made.client = client
        yield made
    await made.tv.close()


POSITIONS = [("none", None), *Switches.positions()]
NAMES = [f"{name}={value}" for name, value in POSITIONS]


@pytest.fixture(params=POSITIONS, ids=NAMES)
async def odd_shop(request, shop):
    name, value = request.param
    if name != "none":
        shop.tv.switches.set(name, value)
    return shop


async def test_the_exact_spelling_is_found(odd_shop):
    hints = await odd_shop.client.hints("ann_trades")
    (hit,) = [hint for hint in hints if hint.username.casefold() == "ann_trades"]
    assert hit.username == "Ann_Trades"
    assert not hit.inactive
    has_id = odd_shop.tv.switches.hint_has_id
    assert hit.user_id == (odd_shop.tv.world.find_user("Ann_Trades").id if has_id else None)


async def test_a_living_login_is_alive_and_named(odd_shop):
    if odd_shop.tv.switches.coins_refuse:
        with pytest.raises(Denied):
            await odd_shop.client.account()
        assert await odd_shop.client.find_row(PINE, "nobody_here") is None  # the second probe
    else:
        bare = odd_shop.tv.switches.coins_bare
        facts = await odd_shop.client.account()
        assert facts.username == (None if bare else "Vendor_One")


async def test_the_whole_list_is_read(odd_shop):
    await odd_shop.time.advance(5)
    pages = [page async for page in odd_shop.client.pages(PINE)]
    found = {row.user_id: row for page in pages for row in page.rows}
    true = {row.user.id: row for row in odd_shop.tv.world.rows(PINE)}
    if odd_shop.tv.switches.prunes_expired:
        true = {key: row for key, row in true.items() if row.is_live(odd_shop.time.now())}
    assert {key: (row.username, row.end) for key, row in found.items()} == {
        key: (row.username, row.end or LIFETIME) for key, row in true.items()
    }


async def test_a_name_that_begins_like_another_is_not_that_other(odd_shop):
    await odd_shop.brings_to(odd_shop.later(5), "ann_trades2")
    await odd_shop.brings_to(odd_shop.later(6), "ann_trades3")
    assert await odd_shop.seen("Ann_Trades") is None
    assert (await odd_shop.seen("ann_trades2")).username == "ann_trades2"


async def test_a_life_from_the_first_day_to_the_last(odd_shop):
    client, later = odd_shop.client, odd_shop.later
    assert await client.add(PINE, "Ann_Trades", later(7)) is WriteResult.OK
    first = (await odd_shop.seen()).end

    answer = await client.add(PINE, "Ann_Trades", later(60))
    existing = odd_shop.tv.switches.add_existing
    assert answer is (WriteResult.EXISTS if existing == "exists" else WriteResult.OK)
    assert ((await odd_shop.seen()).end == first) == (existing != "ok, changed")

    await odd_shop.brings_to(later(30))
    await odd_shop.brings_to(LIFETIME)
    await odd_shop.brings_to(later(20))

    await odd_shop.time.advance(30 * DAY.total_seconds())
    row = await odd_shop.seen()
    assert row is None or not row.is_live(odd_shop.time.now())
    await odd_shop.brings_to(later(31))

    assert await client.remove(PINE, "Ann_Trades") is WriteResult.OK
    assert await odd_shop.seen() is None
    assert odd_shop.held() is None


async def test_removing_nobody_leaves_nobody(odd_shop):
    match odd_shop.tv.switches.remove_absent:
        case "404" | "422":
            with pytest.raises(Refused):
                await odd_shop.client.remove(PINE, "Ann_Trades")
        case word:
            assert await odd_shop.client.remove(PINE, "Ann_Trades") == word
    assert await odd_shop.seen() is None


async def test_changing_nobody_creates_nobody(odd_shop):
    with contextlib.suppress(Refused, Uncertain):
        await odd_shop.client.modify(PINE, "Ann_Trades", odd_shop.later(5))
    assert await odd_shop.seen() is None
    await odd_shop.brings_to(odd_shop.later(5))


async def test_an_unknown_person_is_refused_by_name(odd_shop):
    with pytest.raises(NoSuchUser) as caught:
        await odd_shop.client.add(PINE, "nosuchname", odd_shop.later(5))
    assert caught.value.detail == "User not found: nosuchname"
    assert await odd_shop.client.hints("nosuchname") == []


async def test_somebody_elses_script_is_no_such_script(odd_shop):
    world = odd_shop.tv.world
    foreign = world.add_script(world.add_vendor("Vendor_Two"))
    for pine_id in (foreign.pine_id, "PUB;" + "0" * 32):
        with pytest.raises(NoSuchScript):
            await odd_shop.client.find_row(pine_id, "ann")
        with pytest.raises(NoSuchScript):
            await odd_shop.client.add(pine_id, "Ann_Trades", odd_shop.later(5))


async def test_a_dead_login_is_never_an_answer(odd_shop):
    odd_shop.tv.switches.logged_out = True
    calls = [
        odd_shop.client.account(),
        odd_shop.client.find_row(PINE, "Ann_Trades"),
        odd_shop.client.add(PINE, "Ann_Trades", odd_shop.later(5)),
        odd_shop.client.modify(PINE, "member_01", odd_shop.later(5)),
        odd_shop.client.remove(PINE, "member_01"),
    ]
    for call in calls:
        with pytest.raises((SessionRefused, Denied)) as caught:
            await call
        assert not getattr(caught.value, "page", False)  # nothing that looks like a robot check
    assert odd_shop.held() is None
    assert odd_shop.held("member_01") is not None


async def test_a_login_without_sign_works_where_none_is_asked_for(shop):
    shop.tv.switches.sign_required = False
    shop.cookies = Cookies(shop.cookies.sessionid)
    await shop.brings_to(shop.later(5))


# --- outages: nothing is concluded, and what was written shows afterwards --------------------

OUTAGES = {
    # switch: (position, error of a read, error of a write, was the write carried out)
    "down": (True, UpstreamTrouble, UpstreamTrouble, False),
    "forbidden": (True, Denied, Denied, False),
    "dropped_requests": (-1, UpstreamTrouble, Uncertain, False),
    "too_many": (-1, SlowDown, SlowDown, False),
    "errors_500": (-1, UpstreamTrouble, UpstreamTrouble, False),
    "pages_502": (-1, UpstreamTrouble, UpstreamTrouble, False),
    "pages_400": (-1, UpstreamTrouble, UpstreamTrouble, False),
    "challenges": (-1, Denied, Denied, False),
    "redirects": (-1, SessionRefused, SessionRefused, False),
    "logged_out_pages": (-1, SessionRefused, SessionRefused, False),
    "truncated": (-1, UpstreamTrouble, Uncertain, True),
    "cut_json": (-1, UpstreamTrouble, Uncertain, True),
    "odd_answers": (-1, UpstreamTrouble, Uncertain, True),
    "lost_answers": (-1, None, Uncertain, True),
    "late_errors": (-1, None, UpstreamTrouble, True),
    "silent_ok": (-1, None, None, False),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_is_an_error_and_never_no_row(shop, outage):
    position, read_error, write_error, applied = OUTAGES[outage]
    await shop.brings_to(shop.later(5))
    wanted = shop.later(50)
    shop.tv.switches.set(outage, position)

    assert await error_of(shop.client.find_row(PINE, "Ann_Trades")) is read_error
    shop.client._limiter._held_until = float("-inf")  # a 429 holds the next turn
    assert await error_of(shop.client.modify(PINE, "Ann_Trades", wanted)) is write_error

    shop.client._limiter._held_until = float("-inf")
    shop.tv.switches.reset()
    row = await shop.seen()
    assert (abs(row.end - wanted) < timedelta(seconds=1)) == applied
    await shop.brings_to(wanted)


async def error_of(call):
    try:
        await call
    except TradingViewError as error:
        return type(error)
    return None


@pytest.mark.parametrize("how", ["500", "502 page", "no answer"])
async def test_a_tradingview_that_is_down_is_trouble_for_every_read(shop, how):
    shop.tv.switches.down = True
    shop.tv.switches.down_how = how
    for call in (
        shop.client.hints("ann"),
        shop.client.account(),
        shop.client.find_row(PINE, "Ann_Trades"),
    ):
        with pytest.raises(UpstreamTrouble):
            await call


@pytest.mark.parametrize("body", ["json", "page", "empty"])
@pytest.mark.parametrize(("retry_after", "asked"), [(0.0, None), (30.0, 30.0)])
async def test_too_fast_is_understood_in_every_form(shop, body, retry_after, asked):
    shop.tv.switches.too_many_body = body
    shop.tv.switches.retry_after = retry_after
    shop.tv.switches.too_many = 1
    with pytest.raises(SlowDown) as caught:
        await shop.client.hints("ann")
    assert caught.value.retry_after == asked
    assert shop.client._limiter.held_for() > 0


async def test_a_logout_in_mid_listing_is_never_a_short_list(shop):
    shop.tv.switches.logged_out_after = 2
    with pytest.raises(Denied):
        _ = [page async for page in shop.client.pages(PINE)]


async def test_a_next_that_leads_to_another_host_is_never_followed(shop):
    shop.tv.switches.next_form = "foreign"
    with pytest.raises(UpstreamTrouble):
        _ = [page async for page in shop.client.pages(PINE)]


@pytest.mark.parametrize("lands", [True, False])
async def test_a_write_that_hangs_is_uncertain_whether_or_not_it_lands(shop, lands):
    shop.tv.switches.hang_lands = lands
    shop.tv.switches.fault("hang", path="modify")
    await shop.brings_to(shop.later(5))
    before, wanted = shop.held(), shop.later(50)
    async with client_of(shop.tv.url, cookies=lambda: shop.cookies, timeout=0.05) as hasty:
        with pytest.raises(Uncertain):
            await hasty.modify(PINE, "Ann_Trades", wanted)
    assert shop.held() == before
    await shop.client.hints("ann")  # by now the server knows that the asker has gone
    shop.tv.switches.lift("hang")
    await shop.client.hints("ann")  # by now the held request has been dealt with
    assert (shop.held() == before) != lands


async def test_an_answer_that_drips_is_not_waited_for(shop):
    shop.tv.switches.slow_bodies = -1
    async with client_of(shop.tv.url, cookies=lambda: shop.cookies, timeout=0.05) as hasty:
        with pytest.raises(UpstreamTrouble):
            await hasty.find_row(PINE, "Ann_Trades")
        with pytest.raises(Uncertain):
            await hasty.add(PINE, "Ann_Trades", shop.later(5))
    assert shop.held() is not None


@pytest.mark.parametrize(
    ("switch", "before"), [("lifetime_to_dated", LIFETIME), ("dated_to_lifetime", None)]
)
@pytest.mark.parametrize(("habit", "error"), [("ignored", None), ("refused", Refused)])
async def test_a_change_that_is_not_made_shows_when_read_back(shop, switch, before, habit, error):
    before = before or shop.later(5)
    await shop.brings_to(before)
    shop.tv.switches.set(switch, habit)
    wanted = shop.later(9) if before is LIFETIME else LIFETIME
    assert await error_of(shop.client.modify(PINE, "Ann_Trades", wanted)) is error
    assert (await shop.seen()).end == before


async def test_a_sixth_user_of_a_private_script_is_denied_with_its_reason(shop):
    script = shop.tv.world.add_script(shop.vendor, private=True)
    for n in range(5):
        shop.tv.world.grant(script.pine_id, f"member_{n:02}")
    with pytest.raises(Denied) as caught:
        await shop.client.add(script.pine_id, "Ann_Trades", LIFETIME)
    assert caught.value.code == "permission_denied"
    assert caught.value.detail


async def test_a_search_that_hides_the_exact_name_leaves_the_last_word_to_add(shop):
    shop.tv.switches.hint_hides_exact = True
    hints = await shop.client.hints("Ann_Trades")
    assert [hint.username for hint in hints] == ["ann_trades2", "ann_trades3"]
    await shop.brings_to(shop.later(5))
