"""The default behaviour of the stand-in: what is known of the wire (wire §2-§8)."""

from datetime import timedelta

import aiohttp
import pytest
from yarl import URL

from tests.support.fake_time import START

PINE = "PUB;" + "0123456789abcdef" * 2
OTHER = "PUB;" + "f" * 32
END = START + timedelta(days=30)
WRITES = ["add", "modify_user_expiration", "remove"]


class TestSession:
    async def test_a_living_session_reads_the_account_page(self, site):
        answer = await site.get("/tvcoins/details/")
        assert answer.status == 200
        assert "Vendor_One" in answer.said["link"]

    @pytest.mark.parametrize("path", ["list_users", *WRITES])
    async def test_without_cookies_nothing_is_told_or_changed(self, site, tv, path):
        tv.world.grant(PINE, "Ann_Trades", END)
        form = {"pine_id": PINE, "username_recip": "Ann_Trades"}
        answer = await site.post(f"/pine_perm/{path}/", form, cookies={})
        assert answer.status == 403
        assert "detail" in answer.said
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_a_wrong_or_missing_sign_is_refused(self, site):
        alone = {"sessionid": site.cookies["sessionid"]}
        wrong = alone | {"sessionid_sign": "v3:other"}
        for cookies in (alone, wrong):
            assert (await site.get("/tvcoins/details/", cookies=cookies)).status == 403

    async def test_a_session_made_without_a_sign_needs_none(self, site, tv, vendor):
        sessionid, sign = tv.world.open_session(vendor, signed=False)
        assert sign is None
        answer = await site.get("/tvcoins/details/", cookies={"sessionid": sessionid})
        assert answer.status == 200

    async def test_an_ended_session_is_refused_and_another_one_is_not(self, site, tv, vendor):
        sessionid, sign = tv.world.open_session(vendor)
        tv.world.end_session(site.cookies["sessionid"])
        assert (await site.list()).status == 403
        cookies = {"sessionid": sessionid, "sessionid_sign": sign}
        assert (await site.list(cookies=cookies)).status == 200

    async def test_cookies_have_the_documented_shapes(self, site):
        assert len(site.cookies["sessionid"]) == 32
        assert site.cookies["sessionid"].isalnum()
        assert site.cookies["sessionid"].lower() == site.cookies["sessionid"]
        assert site.cookies["sessionid_sign"].startswith("v3:")
        assert len(site.cookies["sessionid_sign"]) == 47


class TestHints:
    async def hints(self, site, text):
        return (await site.get(f"/username_hint/?s={text}", cookies={})).said

    async def test_a_prefix_in_any_case_finds_the_canonical_spelling(self, site):
        found = await self.hints(site, "ANN")
        assert [hit["username"] for hit in found] == ["Ann_Trades", "ann_trades2"]
        assert found[0]["inactive"] is False
        assert isinstance(found[0]["id"], int)

    async def test_nobody_is_an_empty_array(self, site):
        assert await self.hints(site, "zzz") == []
        assert await self.hints(site, "") == []

    async def test_at_most_ten_names_come_back(self, site, tv):
        for number in range(25):
            tv.world.add_user(f"crowd{number}")
        assert len(await self.hints(site, "crowd")) == 10

    async def test_deleted_users_are_not_suggested_and_inactive_ones_are_marked(self, site, tv):
        tv.world.delete_user(tv.world.find_user("Ann_Trades"))
        tv.world.find_user("ann_trades2").inactive = True
        [hit] = await self.hints(site, "ann")
        assert (hit["username"], hit["inactive"]) == ("ann_trades2", True)

    async def test_a_renamed_user_is_found_under_the_new_name_with_the_old_id(self, site, tv):
        user = tv.world.find_user("bob-fx")
        tv.world.rename_user(user, "Robert_FX")
        assert await self.hints(site, "bob") == []
        [hit] = await self.hints(site, "robert")
        assert hit["id"] == user.id


class TestAdd:
    async def test_a_new_row_is_201_and_holds_the_date_as_sent(self, site, tv):
        end = END.replace(microsecond=933303)
        answer = await site.add("Ann_Trades", end)
        assert (answer.status, answer.said) == (201, {"status": "ok"})
        assert tv.world.row(PINE, "ann_trades").end == end
        [row] = (await site.list()).said["results"]
        assert row["username"] == "Ann_Trades"
        assert row["expiration"] == "2026-04-09T12:00:00.933303+00:00"
        assert row["created"] == "2026-03-10T12:00:00.000000+00:00"

    async def test_no_date_is_lifetime_and_shows_no_expiration(self, site, tv):
        await site.add("Ann_Trades")
        assert tv.world.row(PINE, "Ann_Trades").end is None
        [row] = (await site.list()).said["results"]
        assert "expiration" not in row

    async def test_adding_an_existing_row_is_200_exists_and_leaves_the_date(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", END)
        answer = await site.add("Ann_Trades", END + timedelta(days=30))
        assert (answer.status, answer.said) == (200, {"status": "exists"})
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_an_ended_row_stays_listed_and_still_answers_exists(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", START - timedelta(days=3))
        answer = await site.add("Ann_Trades", END)
        assert answer.said == {"status": "exists"}
        [row] = (await site.list()).said["results"]
        assert row["expiration"] == "2026-03-07T12:00:00.000000+00:00"
        assert not tv.world.has_access(PINE, "Ann_Trades")

    async def test_an_unknown_name_is_422_with_the_recorded_code(self, site):
        answer = await site.add("nosuchname", END)
        assert answer.status == 422
        assert answer.said == {
            "code": "username_recip_not_found",
            "detail": "User not found: nosuchname",
        }

    async def test_any_spelling_of_the_name_is_taken(self, site, tv):
        assert (await site.add("ANN_TRADES", END)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").username == "Ann_Trades"

    async def test_a_private_script_takes_five_users(self, site, tv, vendor):
        tv.world.add_script(vendor, OTHER, private=True)
        for number in range(6):
            tv.world.add_user(f"user{number}")
        statuses = [(await site.add(f"user{n}", END, pine_id=OTHER)).status for n in range(6)]
        assert statuses == [201] * 5 + [403]


class TestModify:
    async def test_the_date_changes_and_created_stays(self, site, tv, time):
        created = START - timedelta(days=9)
        tv.world.grant(PINE, "Ann_Trades", START - timedelta(days=3), created=created)
        answer = await site.modify("Ann_Trades", END)
        assert (answer.status, answer.said) == (200, {"status": "ok"})
        row = tv.world.row(PINE, "Ann_Trades")
        assert (row.end, row.created) == (END, created)

    @pytest.mark.parametrize("end", [None, ""])
    async def test_without_a_date_it_gives_lifetime(self, site, tv, end):
        tv.world.grant(PINE, "Ann_Trades", END)
        assert (await site.modify("Ann_Trades", end)).said == {"status": "ok"}
        assert tv.world.row(PINE, "Ann_Trades").end is None

    async def test_a_lifetime_row_takes_a_date(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", None)
        await site.modify("Ann_Trades", END)
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_without_a_row_it_is_422_and_makes_none(self, site, tv):
        assert (await site.modify("Ann_Trades", END)).status == 422
        assert tv.world.row(PINE, "Ann_Trades") is None


class TestRemove:
    async def test_the_row_goes(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", END)
        answer = await site.remove("ann_trades")
        assert (answer.status, answer.said) == (200, {"status": "ok"})
        assert tv.world.rows(PINE) == []

    async def test_without_a_row_it_is_200_not_exists(self, site):
        answer = await site.remove("Ann_Trades")
        assert (answer.status, answer.said) == (200, {"status": "not_exists"})

    async def test_a_deleted_user_is_422_and_the_row_stays(self, site, tv):
        tv.world.grant(PINE, "Ann_Trades", END)
        tv.world.delete_user(tv.world.find_user("Ann_Trades"))
        answer = await site.remove("Ann_Trades")
        assert answer.said["code"] == "username_recip_not_found"
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_adding_again_begins_a_new_row(self, site, tv, time):
        tv.world.grant(PINE, "Ann_Trades", None)
        await site.remove("Ann_Trades")
        await time.advance(60)
        assert (await site.add("Ann_Trades", END)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").created == START + timedelta(seconds=60)


class TestScripts:
    @pytest.mark.parametrize("path", ["list_users", *WRITES])
    @pytest.mark.parametrize("pine_id", ["PUB;" + "0" * 32, "nonsense", ""])
    async def test_an_unknown_script_is_422_naming_pine_id(self, site, path, pine_id):
        form = {"pine_id": pine_id, "username_recip": "Ann_Trades"}
        answer = await site.post(f"/pine_perm/{path}/", form)
        assert answer.status == 422
        assert "pine_id" in answer.said

    async def test_somebody_elses_script_is_422_naming_pine_id(self, site, tv):
        tv.world.add_script(tv.world.add_vendor("Rival"), OTHER)
        answer = await site.add("Ann_Trades", END, pine_id=OTHER)
        assert answer.status == 422
        assert "pine_id" in answer.said
        assert tv.world.rows(OTHER) == []

    @pytest.mark.parametrize("how", ["plan", "script", "switch"])
    async def test_a_lapsed_plan_is_403_while_the_session_lives(self, site, tv, vendor, how):
        if how == "plan":
            vendor.plan = "basic"
        elif how == "script":
            tv.world.scripts[PINE].forbidden = True
        else:
            tv.switches.forbidden = True
        assert (await site.list()).status == 403
        assert (await site.add("Ann_Trades", END)).status == 403
        assert (await site.get("/tvcoins/details/")).status == 200
        assert tv.world.rows(PINE) == []


class TestDates:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-04-09T12:00:00.000Z",
            "2026-04-09 12:00:00.000000+00:00",
            "2026-04-09T14:00:00+02:00",
            "2026-04-09 12:00:00+00",
            "2026-04-09T12:00:00",
        ],
    )
    async def test_every_format_seen_in_use_is_read(self, site, tv, text):
        assert (await site.add("Ann_Trades", text)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").end == END

    @pytest.mark.parametrize(
        "text", ["soon", "2026-02-31", "20260409", "2026-W10-1", "2026-04-09T12:00:00.000 00:00"]
    )
    async def test_anything_else_is_422(self, site, tv, text):
        answer = await site.add("Ann_Trades", text)
        assert answer.status == 422
        assert "expiration" in answer.said
        assert tv.world.rows(PINE) == []

    @pytest.mark.parametrize("verb", ["add", "modify"])
    async def test_a_past_date_is_refused(self, site, tv, verb):
        if verb == "modify":
            tv.world.grant(PINE, "Ann_Trades", END)
        answer = await getattr(site, verb)("Ann_Trades", START)
        assert answer.status == 422
        assert "expiration" in answer.said


class TestBodies:
    async def test_multipart_is_read_like_urlencoded(self, site, tv):
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("pine_id", PINE)
        form.add_field("username_recip", "Ann_Trades")
        form.add_field("expiration", "2026-04-09 12:00:00.000000+00:00")
        assert (await site.post("/pine_perm/add/", None, data=form)).status == 201
        assert tv.world.row(PINE, "Ann_Trades").end == END
        assert tv.calls("add")[0].form["pine_id"] == PINE

    async def test_json_is_refused(self, site, tv):
        body = '{"pine_id": "x"}'
        headers = {"Content-Type": "application/json"}
        answer = await site.post("/pine_perm/add/", None, data=body, headers=headers)
        assert answer.status == 415

    async def test_broken_multipart_is_refused(self, site):
        headers = {"Content-Type": "multipart/form-data"}
        answer = await site.post("/pine_perm/add/", None, data=b"x", headers=headers)
        assert answer.status == 415

    async def test_an_unencoded_plus_becomes_a_space_and_ruins_the_date(self, site, tv):
        body = f"pine_id={PINE}&username_recip=Ann_Trades&expiration=2026-04-09T12:00:00.000+00:00"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await site.post("/pine_perm/add/", None, data=body, headers=headers)
        assert tv.calls("add")[0].form["expiration"] == "2026-04-09T12:00:00.000 00:00"
        assert answer.status == 422
        assert tv.world.rows(PINE) == []

    async def test_a_missing_name_is_422(self, site):
        answer = await site.post("/pine_perm/add/", {"pine_id": PINE})
        assert answer.status == 422
        assert "username_recip" in answer.said


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/pine_perm/add", "/pine_perms/add/", "/pine_perm/modify/", "/anything/"]
    )
    async def test_wrong_paths_are_404_pages(self, site, path):
        answer = await site.post(path, {"pine_id": PINE})
        assert answer.status == 404
        assert answer.said.startswith("<!DOCTYPE html>")

    async def test_wrong_methods_are_405(self, site):
        assert (await site.get("/pine_perm/list_users/")).status == 405
        assert (await site.post("/username_hint/?s=ann", {})).status == 405


class TestLog:
    async def test_every_call_is_noted_without_the_values_of_its_cookies(self, site, tv):
        await site.add("Ann_Trades", END)
        await site.add("Ann_Trades", END)
        first, second = tv.calls("add")
        assert (first.status, first.applied, second.status, second.applied) == (
            201,
            True,
            200,
            False,
        )
        assert first.at == START
        assert first.cookies == {"sessionid", "sessionid_sign"}
        for value in site.cookies.values():
            assert value not in repr(first)
            assert value not in str(first.headers)

    async def test_the_path_is_kept_byte_for_byte(self, site, tv):
        url = URL(tv.url + "/username_hint/?s=a%2Bb%3d", encoded=True)
        async with site.http.get(url):
            pass
        assert tv.calls("hint")[0].path == "/username_hint/?s=a%2Bb%3d"
        assert tv.calls("hint")[0].username == "a+b="

    async def test_watchers_see_finished_calls(self, site, tv):
        seen = []
        tv.watchers.append(lambda call: seen.append((call.name, call.status)))
        await site.list()
        assert seen == [("list", 200)]


async def test_it_comes_back_on_the_same_port_with_its_world(site, tv):
    tv.world.grant(PINE, "Ann_Trades", END)
    port = URL(tv.url).port
    await tv.close()
    await tv.close()
    with pytest.raises(aiohttp.ClientConnectorError):
        await site.list()
    await tv.start(port=port)
    assert len((await site.list()).said["results"]) == 1


class TestProfile:
    async def test_everybody_reads_what_a_user_wrote_about_themselves(self, site, tv):
        tv.world.find_user("Ann_Trades").about = "hello <b>"
        answer = await site.get("/u/ann_trades/", cookies={})
        assert answer.status == 200
        assert "<p>hello &lt;b&gt;</p>" in answer.said
        assert "hello \\u003cb>" in answer.said
        assert (await site.get("/u/nobody_zz/", cookies={})).status == 404

    async def test_it_may_lead_to_a_language_site(self, site, tv):
        tv.switches.set("profile", "language site")
        assert (await site.get("/u/Ann_Trades/", cookies={})).status == 302
