"""What `usher export` writes, `usher import --as set` takes: nothing changes here, and everything comes there."""

import asyncio
from datetime import timedelta

import pytest

from bot.cli import bulk_import
from bot.errors import StartupError
from bot.sandbox.discord import FakeDiscord
from tests.cli.test_import import END, Shop
from tests.cli.test_session import Upstream, rows, set_login

NOTES = ("=1+1", "'quoted", "-5 from the sale, +2\twith a tab", "Zoë said: “yes”")
PEOPLE = [f"Buyer_{number}" for number in range(len(NOTES))]


class Server:
    """A Discord server with members, and two computers on which Usher works for it."""

    def __init__(self, upstream, tmp_path):
        self.upstream, self.tmp_path = upstream, tmp_path
        self.discord = FakeDiscord()
        upstream.do(self.discord.start())
        owner = self.discord.add_user("olga")
        self.guild = self.discord.add_guild("The shop", owner)
        self.members = [self.discord.add_user(f"member{number}") for number in range(2)]
        for user in self.members:
            self.discord.add_member(self.guild, user)

    def computer(self, name):
        folder = self.tmp_path / name
        folder.mkdir()
        shop = Shop(self.upstream, folder, self.guild.id)
        shop.environment |= {
            "DISCORD_TOKEN": self.discord.bot_token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
        }
        assert set_login(shop.settings, *self.upstream.pair()).exit_code == 0
        return shop


@pytest.fixture
def server(tmp_path, monkeypatch):
    upstream = Upstream()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    monkeypatch.setattr(bulk_import, "_is_asked", lambda: False)
    for target in ("discord.http.Route.BASE", "discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY"):
        monkeypatch.setattr(target, "unset")
    opened = Server(upstream, tmp_path)
    for name in PEOPLE:
        upstream.fake.world.add_user(name)
    yield opened
    upstream.do(opened.discord.close())
    upstream.close()


def test_everything_comes_back_as_it_was(server, tmp_path):
    here = server.computer("here")
    asyncio.run(here.sells("trend", "range"))
    ends = [END, END + timedelta(days=400, hours=5), "lifetime", END]
    ids = [*(user.id for user in server.members), "", ""]
    file = here.tmp_path / "first.csv"
    file.write_text(
        "username|discord_id|item|until|note\n"
        + "".join(
            f"{name}|{member}|{item}|{end if isinstance(end, str) else end.isoformat()}|{note}\n"
            for name, member, end, note in zip(PEOPLE, ids, ends, NOTES, strict=True)
            for item in ("trend", "range")
        )
    )
    said = here.imports(file, "--as", "set", "--yes")
    assert said.exit_code == 0, said.output
    held = {(name, slug): here.end(name, slug) for name in PEOPLE for slug in ("trend", "range")}
    assert held[PEOPLE[0], "trend"] == END
    assert held[PEOPLE[2], "range"] is None
    written = here.tmp_path / "customers.csv"
    assert here.command("export", written).exit_code == 0
    again = here.imports(written, "--as", "set", "--yes")
    assert again.exit_code == 0
    assert "There is nothing to do: nobody's access would change." in again.output
    assert "- 8 rows with what is so already" in again.output

    there = server.computer("there")
    asyncio.run(there.sells("trend", "range"))  # other scripts, of the same names
    said = there.imports(written, "--as", "set", "--yes")
    assert said.exit_code == 0, said.output
    found = {(name, slug): there.end(name, slug) for name in PEOPLE for slug in ("trend", "range")}
    assert found == held
    copy = there.tmp_path / "customers.csv"
    assert there.command("export", copy).exit_code == 0
    assert sorted(copy.read_bytes().splitlines()) == sorted(written.read_bytes().splitlines())
    noted = rows(there.tmp_path, "SELECT DISTINCT note FROM purchase")
    assert {note for (note,) in noted} == set(NOTES)


def test_ids_of_nobody_here_are_a_mistake_and_an_unreachable_discord_a_sentence(server, tmp_path):
    shop = server.computer("here")
    asyncio.run(shop.sells("trend"))
    stranger = server.discord.add_user("of_another_server")
    file = shop.tmp_path / "members.csv"
    file.write_text(
        f"username,discord_id,item,duration\n{PEOPLE[0]},{server.members[0].id},trend,1M\n"
        f"{PEOPLE[1]},{stranger.id},trend,1M\n"
    )
    said = shop.imports(file, "--as", "grant")
    assert said.exit_code == 0, said.output
    assert "1 person gets more time" in said.output
    assert "- 1 with the id of nobody here (line 3)." in said.output
    del shop.environment["DISCORD_TOKEN"]
    with pytest.raises(StartupError, match="without the bot's token"):
        shop.imports(file, "--as", "grant")
    shop.environment["DISCORD_TOKEN"] = server.discord.bot_token[:-1] + "x"
    with pytest.raises(StartupError, match="does not accept the bot's token"):
        shop.imports(file, "--as", "grant")
    shop.environment |= {
        "DISCORD_TOKEN": server.discord.bot_token,
        "DISCORD_API_URL": "http://127.0.0.1:9/api/v10",
    }
    said = shop.imports(file, "--as", "grant", "--yes")
    assert said.exit_code == 1
    assert "Discord does not list the members of this server just now." in said.output
    assert rows(shop.tmp_path, "SELECT * FROM batch") == []
