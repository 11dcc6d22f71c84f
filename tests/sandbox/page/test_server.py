"""The page's routes: what they answer, and whom they refuse."""

import asyncio
import json
import socket
import stat

import pytest

from bot.sandbox import opened
from bot.sandbox.actions import read_upload
from bot.sandbox.discord import RefusedError, Upload
from bot.sandbox.discord.interactions import Kind
from bot.sandbox.server import read_files
from bot.settings import load


@pytest.fixture
def files():
    return read_files()


async def test_every_file_of_the_page_is_served_with_strict_headers(sandbox, http, files):
    for name in ["", *files]:
        async with http.get(f"{sandbox.url}/{name}") as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http:" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_beside_the_page_s_own_files_is_served(sandbox, http):
    for path in ("/server.py", "/..%2fserver.py", "/page/main.js", "/%2e%2e/__init__.py"):
        async with http.get(f"{sandbox.url}{path}") as answer:
            assert answer.status == 404


def test_the_page_builds_no_markup_from_text(files):
    for name, content in files.items():
        text = content.decode()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, name
        assert " style=" not in text, name
        assert "onclick=" not in text, name


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "usher.example.com"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
    ],
)
async def test_other_sites_are_refused(sandbox, http, headers):
    async with http.get(f"{sandbox.url}/api/state", headers=headers) as answer:
        assert answer.status == 403


async def test_the_way_to_the_dashboard_says_why_it_leads_nowhere(sandbox, http):
    for site, status, why in (
        ("same-origin", 422, "The bot is not connected"),
        ("cross-site", 403, "Open it from the sandbox"),
    ):
        async with http.get(f"{sandbox.url}/dashboard", headers={"Sec-Fetch-Site": site}) as answer:
            assert (answer.status, answer.content_type) == (status, "text/html")
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert why in await answer.text()


async def test_a_body_that_another_site_could_send_is_refused(sandbox, http):
    async with http.post(f"{sandbox.url}/api/bot", data='{"do": "kill"}') as answer:
        assert answer.status == 415


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("switch", {"name": "no such switch", "value": 1}, 400),
        ("switch", {"name": "down", "value": "perhaps"}, 400),
        ("switch", {"name": "down"}, 400),
        ("bot", {"do": "dance"}, 400),
        ("tour", {"do": "dance"}, 400),
        ("server", {"do": "dance"}, 400),
        ("server", {"do": "intent", "on": "perhaps"}, 400),
        ("server", {"do": "authorize"}, 400),
        ("server", {"do": "authorize", "permissions": "everything"}, 400),
        ("server", {"do": "leave"}, 400),
        ("server", {"do": "leave", "member": "1"}, 422),
        ("server", {"do": "delete_role", "role": "1"}, 422),
        ("server", {"do": "join", "name": "  "}, 422),
        ("server", {"do": "make_role", "name": "x" * 101}, 422),
        ("say", {"as": "1", "channel": "1", "text": "x"}, 422),
        ("run", {"as": "x", "channel": "y", "command": "me"}, 422),
        ("submit", {"as": "1", "interaction": "1", "values": {}}, 422),
        ("press", {"as": "1", "channel": "1", "message": "1", "key": "k"}, 422),
    ],
)
async def test_what_cannot_be_done_is_answered_with_a_sentence(api, name, body, status):
    found, answer = await api.post(name, **body)
    assert found == status
    assert answer["error"]


async def test_switches_are_turned_and_put_back(api, shop):
    assert await api.post("switch", name="latency", value=6) == (200, {})
    assert shop.tradingview.switches.latency == 6
    _, state = await api.get("state")
    assert state["switches"]["changed"] == 1
    await api.post("repair")
    assert shop.tradingview.switches.latency == 0


async def test_six_switches_have_a_sentence_and_the_rest_a_label(api):
    _, state = await api.get("state")
    featured = state["switches"]["featured"]
    assert [each["name"] for each in featured] == [
        "down",
        "latency",
        "login_ends",
        "logged_out",
        "lost_answers",
        "silent_ok",
    ]
    assert all(each["text"].endswith(".") for each in featured)
    assert all(each["label"] for each in state["switches"]["others"])


def test_a_file_comes_as_name_and_base64():
    assert read_upload({"name": "t.csv", "base64": "YSxi"}) == Upload("t.csv", b"a,b")
    for wrong in ("C:\\t.csv", {"name": "t.csv"}, {"name": "t.csv", "base64": "*"}):
        with pytest.raises(RefusedError, match="once more"):
            read_upload(wrong)


async def test_a_command_without_a_bot_is_refused_as_discord_does(api, shop):
    person, place = str(shop.owner.id), str(shop.general.id)
    status, answer = await api.post("run", **{"as": person, "channel": place, "command": "me"})
    assert status == 422
    assert "/me" in answer["error"]


async def test_a_menu_without_a_bot_is_refused_as_discord_does(api, shop):
    used = {"as": str(shop.owner.id), "channel": str(shop.general.id), "command": "Look up"}
    status, answer = await api.post("menu", **used, target=str(shop.owner.id))
    assert status == 422
    assert "Look up" in answer["error"]
    status, answer = await api.post("menu", **used, target="x")
    assert status == 422
    assert "somebody" in answer["error"]


async def test_what_is_said_reaches_every_open_page(sandbox, api, shop, http):
    async with http.get(f"{sandbox.url}/api/events") as stream:
        body = {"as": str(shop.owner.id), "channel": str(shop.general.id), "text": "hello"}
        await api.post("say", **body)
        async with asyncio.timeout(60):
            async for raw in stream.content:
                if raw.startswith(b"data: "):
                    event = json.loads(raw[6:])
                    break
    assert event["type"] == "message_created"
    assert event["message"]["content"] == "hello"


async def test_a_taken_port_gives_way_to_a_free_one(http):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with opened(port, with_bot=False) as sandbox:
            assert not sandbox.url.endswith(f":{port}")
            async with http.get(sandbox.url) as answer:
                assert answer.status == 200


async def test_in_a_container_the_page_and_the_bot_listen_to_its_published_ports(http):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with opened(0, with_bot=False, host="0.0.0.0", bot_port=port) as sandbox:
        environment = sandbox.simulation.child._environment
        assert (environment["HTTP_HOST"], environment["HTTP_PORT"]) == ("0.0.0.0", str(port))
        assert environment["PUBLIC_URL"] == f"http://127.0.0.1:{port}"
        await sandbox.open("empty")  # another shop's bot has the same port
        assert sandbox.simulation.child._environment["HTTP_PORT"] == str(port)
        page_port = sandbox.url.rpartition(":")[2]
        for name, status in (("127.0.0.1", 200), ("evil.example", 403)):
            headers = {"Host": f"{name}:{page_port}"}
            async with http.get(sandbox.url, headers=headers) as answer:
                assert answer.status == status


async def test_the_folder_is_gone_afterwards():
    async with opened(0, with_bot=False) as sandbox:
        folder = sandbox.simulation.child._folder
        assert folder.exists()
    assert not folder.exists()


async def test_the_bot_is_not_killed_while_the_shop_is_being_opened(sandbox, api):
    sandbox.simulation.opening.over = False
    status, answer = await api.post("bot", do="kill")
    assert (status, answer["error"]) == (400, "The shop is still being opened")


async def test_a_public_page_of_tradingview_can_be_written(sandbox, http):
    world = sandbox.simulation.shop.tradingview.world
    name = sandbox.simulation.snapshot()["tradingview"]["people"][0]["username"]
    body = {"username": name, "about": " usher-7K3F "}
    async with http.post(f"{sandbox.url}/api/profile", json=body) as answer:
        assert answer.status == 200
    assert world.find_user(name).about == "usher-7K3F"
    async with http.post(f"{sandbox.url}/api/profile", json=body | {"username": "zz"}) as answer:
        assert answer.status == 400


async def test_newcomers_have_names_of_their_own_on_both_sides(api, shop):
    for name in ("Hugo", "hugo", "Olivia", "¡!"):
        assert (await api.post("server", do="join", name=name))[0] == 200
    handles = [each.user.name for each in shop.newcomers]
    assert handles == ["hugo", "hugo2", "olivia2", "member"]
    _, state = await api.get("state")
    assert [each["name"] for each in state["people"][-4:]] == ["Hugo", "hugo", "Olivia", "¡!"]
    usernames = {each["username"] for each in state["tradingview"]["people"]}
    assert {f"{handle}_trades" for handle in handles} <= usernames


async def test_the_server_refuses_what_discord_would(api, shop):
    owner, buyer = str(shop.owner.id), str(shop.person("buyer").user.id)
    await api.post("server", do="boost", member=buyer, on=True)
    booster, mine = shop.guild.booster_role, shop.discord.bot_role(shop.guild)
    for body in (
        {"do": "leave", "member": owner},
        {"do": "ban", "member": owner},
        {"do": "return", "member": buyer},
        {"do": "take", "member": buyer, "role": str(booster.id)},
        {"do": "delete_role", "role": str(mine.id)},
        {"do": "give", "member": buyer, "role": str(shop.guild.id)},
    ):
        assert (await api.post("server", **body))[0] == 422, body
    assert await api.post("server", do="ban", member=buyer) == (200, {})
    status, answer = await api.post("server", do="return", member=buyer)
    assert (status, answer["error"]) == (422, "Bea is banned from Harbor Charts")
    status, _ = await api.post("server", do="give", member=buyer, role=str(shop.staff.id))
    assert status == 422


async def test_nothing_happens_in_the_server_while_the_shop_opens(api, sandbox):
    sandbox.simulation.opening.over = False
    status, answer = await api.post("server", do="intent", on=False)
    assert (status, answer["error"]) == (422, "The shop is still being opened")
    assert sandbox.simulation.shop.discord.members_allowed


async def test_the_page_is_told_what_the_bot_may_hear(api, sandbox):
    told = sandbox.simulation.subscribe()
    await api.post("server", do="intent", on=False)
    event = await told.get()
    assert event["type"] == "bot"
    assert (event["bot"]["members_allowed"], event["bot"]["hears_members"]) == (False, False)


async def test_fifteen_minutes_can_be_let_pass(api, shop):
    used = shop.discord.interaction_service
    assert await api.post("later") == (200, {"ended": 0})
    person = shop.person("moderator").user
    opened_now = used.open(Kind.COMMAND, person, shop.general, {"name": "x"}, command="x")
    used.callback(opened_now.id, opened_now.token, {"type": 4, "data": {"content": "x"}}, [])
    assert await api.post("later") == (200, {"ended": 1})
    assert opened_now.expired(900)


async def test_the_bot_s_folder_holds_the_settings_for_a_terminal(sandbox, shop):
    kept = shop.folder / ".env"
    assert stat.S_IMODE((await asyncio.to_thread(kept.stat)).st_mode) == 0o600
    settings = await asyncio.to_thread(load, kept)
    assert settings.tradingview_url == shop.tradingview.url
    assert str(shop.folder) in settings.database_url
