"""The open questions of the wire: every switch off its default does what it says (wire §15, §17)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.tradingview import Switches
from tests.support.fake_time import START

PINE = "PUB;" + "0123456789abcdef" * 2
END = START + timedelta(days=30)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
WHOLE_BROWSER = BROWSER | {
    "X-Requested-With": "XMLHttpRequest",
    "X-Language": "en",
    "Origin": "https://www.tradingview.com",
    "Referer": "https://www.tradingview.com/",
}


@pytest.fixture
def switches(tv):
    return tv.switches


class TestSessions:
    async def test_sign_may_be_left_out_but_not_be_wrong(self, site, switches):
        switches.sign_required = False
        alone = {"sessionid": site.cookies["sessionid"]}
        assert (await site.list(cookies=alone)).status == 200
        wrong = alone | {"sessionid_sign": "v3:other"}
        assert (await site.list(cookies=wrong)).status == 403

    @pytest.mark.parametrize(
        ("position", "status"), [("403", 403), ("401", 401), ("page", 200), ("redirect", 302)]
    )
    async def test_what_a_dead_login_draws(self, site, switches, position, status):
        switches.logged_out_answer = position
        switches.logged_out = True
        for answer in (await site.list(), await site.get("/tvcoins/details/")):
            assert answer.status == status
            assert ("is-not-authenticated" in str(answer.said)) == (position == "page")

    async def test_redirects_lead_to_no_real_host(self, site, switches):
        switches.redirects = 1
        answer = await site.list()
        assert answer.status == 302
        assert ".invalid/" in answer.headers["Location"]

    async def test_a_login_made_after_the_end_of_the_others_is_good(self, site, tv, vendor):
        tv.switches.logged_out = True
        sessionid, sign = tv.world.open_session(vendor)
        cookies = {"sessionid": sessionid, "sessionid_sign": sign}
        assert (await site.list()).status == 403
        assert (await site.list(cookies=cookies)).status == 200
        tv.switches.logged_out = False
        assert (await site.list()).status == 200

    @pytest.mark.parametrize(("position", "status"), [(False, 403), (True, 422)])
    async def test_which_comes_first_login_or_script(self, site, switches, position, status):
        switches.validates_first = position
        assert (await site.list("PUB;none", cookies={})).status == status
        assert (await site.list(cookies={})).status == 403

    async def test_the_account_page_may_refuse_a_living_login(self, site, switches):
        switches.coins_refuse = True
        assert (await site.get("/tvcoins/details/")).status == 403
        assert (await site.list()).status == 200

    async def test_the_account_page_may_tell_nothing(self, site, switches):
        switches.coins_bare = True
        assert (await site.get("/tvcoins/details/")).said == {}

    @pytest.mark.parametrize(
        ("position", "headers", "status"),
        [
            ("browser", {}, 403),
            ("browser", BROWSER, 200),
            ("all", BROWSER, 403),
            ("all", WHOLE_BROWSER, 200),
        ],
    )
    async def test_headers_may_be_needed(self, site, switches, position, headers, status):
        switches.headers_needed = position
        assert (await site.list(headers=headers)).status == status


class TestRotation:
    def new_pair(self, answer):
        return {name: morsel.value for name, morsel in answer.cookies.items()}

    @pytest.mark.parametrize(("position", "old"), [("pair", 200), ("pair, old one ends", 403)])
    async def test_a_new_pair_works_at_once(self, site, switches, position, old):
        switches.rotations = 1
        switches.rotation = position
        pair = self.new_pair(await site.list())
        assert set(pair) == {"sessionid", "sessionid_sign"}
        answer = await site.list(cookies=pair)
        assert answer.status == 200
        assert not answer.cookies
        assert (await site.list()).status == old

    async def test_a_lone_sessionid_leaves_the_old_pair_working(self, site, switches):
        switches.rotations = 1
        switches.rotation = "lone sessionid"
        assert set(self.new_pair(await site.list())) == {"sessionid"}
        assert (await site.list()).status == 200

    async def test_a_dead_login_may_be_told_to_delete_its_cookies(self, site, switches):
        switches.rotations = 1
        switches.rotation = "deleting"
        assert not (await site.list()).cookies
        switches.logged_out = True
        answer = await site.list()
        assert answer.status == 403
        assert self.new_pair(answer) == {"sessionid": "", "sessionid_sign": ""}

    async def test_a_session_forgets_its_oldest_pairs(self, site, tv):
        tv.switches.rotations = -1
        for _ in range(30):
            await site.get("/tvcoins/details/", cookies=site.cookies)
            site.cookies = self.new_pair(await site.list())
        assert len(tv.world.sessions[0].pairs) < 25


class TestHints:
    async def hints(self, site, text):
        return (await site.get(f"/username_hint/?s={text}")).said

    async def test_fewer_suggestions(self, site, switches):
        switches.hint_limit = 1
        assert [hit["username"] for hit in await self.hints(site, "ann")] == ["Ann_Trades"]

    async def test_without_ids(self, site, switches):
        switches.hint_has_id = False
        assert await self.hints(site, "bob") == [{"username": "bob-fx"}]

    async def test_the_exact_name_may_fall_off(self, site, switches):
        switches.hint_hides_exact = True
        hits = await self.hints(site, "ann_trades")
        assert [hit["username"] for hit in hits] == ["ann_trades2"]

    async def test_names_may_have_to_be_spelt_exactly(self, site, switches):
        switches.exact_spelling = True
        assert (await site.add("ann_trades", END)).said["code"] == "username_recip_not_found"
        assert (await site.add("Ann_Trades", END)).status == 201


class TestLists:
    @pytest.fixture(autouse=True)
    def rows(self, tv, vendor):
        for number in range(7):
            tv.world.grant(PINE, f"member{number}", None)

    async def test_page_size(self, site, switches):
        switches.page_size = 2
        assert len((await site.list()).said["results"]) == 2

    async def test_max_limit(self, site, switches):
        switches.max_limit = 10
        assert (await site.list(query="?limit=10")).status == 200
        assert (await site.list(query="?limit=11")).said["code"] == "bad_pagination_request"

    @pytest.mark.parametrize(
        ("position", "expected"),
        [("null", {"next": None}), ("empty", {"next": ""}), ("absent", {})],
    )
    async def test_last_page(self, site, switches, position, expected):
        switches.last_page = position
        page = (await site.list()).said
        assert {key: page[key] for key in page if key == "next"} == expected

    async def test_next_may_be_absolute_or_foreign(self, site, tv):
        tv.switches.next_form = "absolute"
        page = (await site.list(query="?limit=2")).said
        assert page["next"].startswith(tv.url + "/pine_perm/list_users/?c=")
        tv.switches.next_form = "foreign"
        page = (await site.list(query="?limit=2")).said
        assert ".invalid/" in page["next"]

    async def test_short_pages_come_before_the_end(self, site, switches):
        switches.short_pages = True
        page = (await site.list(query="?limit=6")).said
        assert len(page["results"]) == 2
        found = page["results"]
        while page.get("next"):
            page = await site.next(page)
            found = found + page["results"]
        assert len({row["id"] for row in found}) == 7

    @pytest.mark.parametrize(
        ("position", "expected"),
        [("absent", {}), ("null", {"expiration": None}), ("empty", {"expiration": ""})],
    )
    async def test_how_lifetime_looks(self, site, switches, position, expected):
        switches.lifetime_as = position
        row = (await site.list()).said["results"][0]
        assert {key: row[key] for key in row if key == "expiration"} == expected

    @pytest.mark.parametrize(("position", "large"), [("never", 0), ("always", 7)])
    async def test_pictures(self, site, switches, position, large):
        switches.pictures = position
        rows = (await site.list()).said["results"]
        assert sum(len(row["userpic"]) > 50_000 for row in rows) == large

    async def test_ended_rows_may_disappear(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", START - timedelta(days=1))
        tv.switches.prunes_expired = True
        assert (await site.list(username="Ann_Trades")).said["results"] == []
        assert (await site.modify("Ann_Trades", END)).status == 422
        assert (await site.remove("Ann_Trades")).said == {"status": "not_exists"}
        assert (await site.add("Ann_Trades", END)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").end == END


class TestReadDelay:
    async def seen(self, site):
        rows = (await site.list(username="Ann_Trades")).said["results"]
        return [row.get("expiration", "lifetime") for row in rows]

    async def test_changes_show_later_but_count_at_once(self, site, tv, time):
        tv.switches.read_delay = 3
        await site.add("Ann_Trades")
        await time.advance(1)
        await site.modify("Ann_Trades", END)
        assert (await site.add("Ann_Trades")).said == {"status": "exists"}
        assert await self.seen(site) == []
        await time.advance(2)
        assert await self.seen(site) == ["lifetime"]
        await time.advance(1)
        assert await self.seen(site) == ["2026-04-09T12:00:00.000000+00:00"]
        await site.remove("Ann_Trades")
        assert await self.seen(site) == ["2026-04-09T12:00:00.000000+00:00"]
        await time.advance(3)
        assert await self.seen(site) == []

    async def test_what_a_test_arranges_shows_at_once(self, site, tv):
        tv.switches.read_delay = 3
        await site.add("Ann_Trades", END)
        tv.world.grant(PINE, "Ann_Trades", None)
        assert await self.seen(site) == ["lifetime"]


class TestWrites:
    async def test_a_new_row_may_be_200(self, site, switches):
        switches.add_status = "200"
        answer = await site.add("Ann_Trades", END)
        assert (answer.status, answer.said) == (200, {"status": "ok"})

    @pytest.mark.parametrize(("position", "changed"), [("unchanged", False), ("changed", True)])
    async def test_adding_again_may_say_ok(self, site, tv, position, changed):
        tv.switches.add_existing = f"ok, {position}"
        tv.world.grant(PINE, "Ann_Trades", None)
        assert (await site.add("Ann_Trades", END)).said == {"status": "ok"}
        assert (tv.world.row(PINE, "Ann_Trades").end == END) == changed

    @pytest.mark.parametrize(("position", "body"), [("null", {"status": None}), ("empty", {})])
    async def test_a_change_may_say_little(self, site, tv, position, body):
        tv.switches.modify_status = position
        tv.world.grant(PINE, "Ann_Trades", None)
        answer = await site.modify("Ann_Trades", END)
        assert (answer.status, answer.said) == (200, body)
        assert tv.world.row(PINE, "Ann_Trades").end == END

    @pytest.mark.parametrize(("position", "status"), [("404", 404), ("422", 422), ("ok", 200)])
    async def test_changing_nobody_makes_no_row(self, site, tv, position, status):
        tv.switches.modify_absent = position
        assert (await site.modify("Ann_Trades", END)).status == status
        assert tv.world.rows(PINE) == []

    @pytest.mark.parametrize(("position", "status"), [("404", 404), ("422", 422), ("ok", 200)])
    async def test_removing_nobody(self, site, switches, position, status):
        switches.remove_absent = position
        assert (await site.remove("Ann_Trades")).status == status

    @pytest.mark.parametrize(("position", "status"), [("ignored", 200), ("refused", 422)])
    @pytest.mark.parametrize(
        ("name", "before", "after"),
        [("lifetime_to_dated", None, END), ("dated_to_lifetime", END, None)],
    )
    async def test_lifetime_may_be_hard_to_change(
        self, site, tv, name, before, after, position, status
    ):
        tv.switches.set(name, position)
        tv.world.grant(PINE, "Ann_Trades", before)
        assert (await site.modify("Ann_Trades", after)).status == status
        assert tv.world.row(PINE, "Ann_Trades").end == before

    async def test_past_dates_may_be_taken(self, site, tv):
        tv.switches.past_dates = "accept"
        end = START - timedelta(days=1)
        assert (await site.add("Ann_Trades", end)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").end == end

    @pytest.mark.parametrize(
        ("position", "stored"),
        [
            ("end of day", datetime(2026, 4, 9, 23, 59, 59, 999_000, tzinfo=UTC)),
            ("whole seconds", datetime(2026, 4, 9, 12, 0, tzinfo=UTC)),
        ],
    )
    async def test_dates_may_be_rounded(self, site, tv, position, stored):
        tv.switches.rounding = position
        await site.add("Ann_Trades", END + timedelta(milliseconds=400))
        assert tv.world.row(PINE, "Ann_Trades").end == stored

    async def test_a_sixth_private_user_may_be_taken(self, site, tv):
        tv.world.scripts[PINE].private = True
        tv.switches.sixth_user = "accept"
        for number in range(6):
            tv.world.grant(PINE, f"user{number}")
        assert (await site.add("Ann_Trades", END)).status == 201


class TestPositions:
    def test_every_position_can_be_set_and_differs_from_the_default(self):
        for name, value in Switches.positions():
            switches = Switches()
            assert getattr(switches, name) != value
            switches.set(name, value)
            assert getattr(switches, name) == value

    def test_no_outage_is_among_them(self):
        outages = {known["name"] for known in Switches().describe() if known["group"] == "outage"}
        assert {"down", "hang", "lost_answers", "logged_out", "silent_ok"} <= outages
        assert not outages & {name for name, _ in Switches.positions()}

    def test_all_documented_questions_are_among_them(self):
        assert {
            "add_existing",
            "exact_spelling",
            "filter",
            "last_page",
            "lifetime_as",
            "modify_absent",
            "past_dates",
            "read_delay",
            "remove_absent",
            "rounding",
            "short_pages",
            "sign_required",
        } <= {name for name, _ in Switches.positions()}

    @pytest.mark.parametrize(("name", "value"), list(Switches.positions()))
    async def test_a_plain_grant_still_arrives(self, site, tv, time, name, value):
        tv.switches.set(name, value)
        await site.add("Ann_Trades", END, headers=WHOLE_BROWSER)
        await time.advance(3)
        answer = await site.list(username="Ann_Trades", headers=WHOLE_BROWSER)
        [row] = answer.said["results"]
        assert row["expiration"].startswith("2026-04-09T")
