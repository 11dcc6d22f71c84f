"""Pages, order and filter of a script's list (wire §5)."""

from datetime import timedelta

import pytest

from tests.support.fake_time import START

PINE = "PUB;" + "0123456789abcdef" * 2
END = START + timedelta(days=30)


@pytest.fixture
def crowd(tv, vendor):
    """Seventy rows, made one minute after another."""
    names = [f"member{number:02}" for number in range(70)]
    for index, name in enumerate(names):
        tv.world.grant(PINE, name, END, created=START + timedelta(minutes=index))
    return names


def names(page):
    return [row["username"] for row in page["results"]]


async def everything(site, query="", **more):
    """All rows, by following `next`, and the number of pages."""
    page = (await site.list(query=query, **more)).said
    found, pages = names(page), 1
    while page.get("next"):
        page = await site.next(page)
        found += names(page)
        pages += 1
    return found, pages


@pytest.mark.parametrize(("query", "rows"), [("", 20), ("?limit=1", 1), ("?limit=30", 30)])
async def test_a_page_holds_what_was_asked_or_twenty(site, crowd, query, rows):
    assert len((await site.list(query=query)).said["results"]) == rows


@pytest.mark.parametrize("limit", ["31", "50", "100", "0", "-1", "ten", "", "²"])
async def test_other_limits_are_a_bad_pagination_request(site, crowd, limit):
    answer = await site.list(query=f"?limit={limit}")
    assert answer.status == 400
    assert answer.said["code"] == "bad_pagination_request"


async def test_limit_in_the_body_and_offset_and_page_are_ignored(site, crowd):
    first = (await site.list()).said
    form = {"pine_id": PINE, "limit": "100"}
    assert (await site.post("/pine_perm/list_users/", form)).said == first
    for query in ("?offset=20", "?page=2"):
        assert (await site.list(query=query)).said["results"] == first["results"]


async def test_next_leads_through_the_whole_list_newest_first(site, crowd):
    found, pages = await everything(site, "?limit=30&order_by=-created")
    assert found == crowd[::-1]
    assert pages == 3
    assert (await everything(site))[0] == crowd[::-1]


async def test_the_last_page_has_no_next_even_when_it_is_full(site, tv, crowd):
    for name in crowd[60:]:
        tv.world.revoke(PINE, name)
    found, pages = await everything(site, "?limit=30")
    assert len(found) == 60
    assert pages == 2


async def test_the_token_holds_characters_that_must_be_percent_encoded(site, tv, crowd):
    page = (await site.list()).said
    assert page["next"].startswith("/pine_perm/list_users/?c=")
    assert "%2B" in page["next"]
    assert "%3D" in page["next"]
    await site.next(page)
    assert tv.calls("list")[-1].path == page["next"]


async def test_a_token_encoded_twice_or_not_at_all_leads_nowhere(site, crowd):
    from urllib.parse import unquote

    from yarl import URL

    page = (await site.list()).said
    for ruined in (page["next"].replace("%", "%25"), unquote(page["next"]), page["next"][:-8]):
        url = URL(site.tv.url + ruined, encoded=True)
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in site.cookies.items())}
        async with site.http.post(url, data={"pine_id": PINE}, headers=sent) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("created", "zoe"),
        ("-created", "Carl"),
        ("user__username", "anna"),
        ("-user__username", "zoe"),
        ("expiration,user__username", "Carl"),
        ("-expiration,user__username", "anna"),
        ("nonsense", "Carl"),
    ],
)
async def test_order_by(site, tv, vendor, order, first):
    ends = {"zoe": END, "anna": None, "Carl": END - timedelta(days=1)}
    for index, (name, end) in enumerate(ends.items()):
        tv.world.grant(PINE, name, end, created=START + timedelta(minutes=index))
    assert names((await site.list(query=f"?order_by={order}")).said)[0] == first


async def test_a_list_that_grows_repeats_rows_across_pages(site, tv, crowd):
    page = (await site.list(query="?limit=30")).said
    tv.world.grant(PINE, "newcomer", END, created=START + timedelta(days=1))
    second = await site.next(page)
    assert names(page)[-1] == names(second)[0]


async def test_a_steady_list_repeats_nothing(site, tv, crowd):
    tv.switches.steady_pages = True
    page = (await site.list(query="?limit=30")).said
    tv.world.grant(PINE, "newcomer", END, created=START + timedelta(days=1))
    second = await site.next(page)
    assert names(second)[0] == crowd[::-1][30]
    tv.world.revoke(PINE, names(second)[-1])
    assert (await site.next(second))["results"]


async def test_some_pictures_are_large(site, crowd):
    page = (await site.list()).said
    sizes = {len(row["userpic"]) for row in page["results"]}
    assert max(sizes) > 50_000
    assert min(sizes) == 0


class TestFilter:
    @pytest.fixture(autouse=True)
    def rows(self, tv, vendor):
        for name in ("Ann_Trades", "ann_trades2", "joann_trades"):
            tv.world.grant(PINE, name, END)

    async def test_a_name_finds_also_those_that_begin_with_it(self, site):
        assert sorted(names((await site.list(username="ann_TRADES")).said)) == [
            "Ann_Trades",
            "ann_trades2",
        ]

    async def test_somebody_without_a_row_finds_nothing(self, site):
        answer = await site.list(username="bob-fx")
        assert answer.status == 200
        assert answer.said["results"] == []
        assert not answer.said["next"]

    @pytest.mark.parametrize(
        ("position", "found"), [("exact", 1), ("prefix", 2), ("contains", 3), ("everybody", 3)]
    )
    async def test_every_position(self, site, tv, position, found):
        tv.switches.filter = position
        assert len((await site.list(username="ann_trades")).said["results"]) == found

    async def test_exact_spelling_applies_to_the_filter(self, site, tv):
        tv.switches.exact_spelling = True
        assert names((await site.list(username="ann_trades")).said) == ["ann_trades2"]

    async def test_the_filter_holds_on_the_next_page(self, site, tv):
        page = (await site.list(query="?limit=1", username="ann_trades")).said
        form = {"pine_id": PINE, "username": "ann_trades"}
        second = await site.post(page["next"], form)
        assert len(second.said["results"]) == 1
        assert not second.said["next"]


async def test_a_deleted_users_row_stays_listed(site, tv):
    tv.world.grant(PINE, "Ann_Trades", END)
    tv.world.delete_user(tv.world.find_user("Ann_Trades"))
    assert names((await site.list()).said) == ["Ann_Trades"]
