"""A newcomer's shortest way, as the README has it: from nothing to the first verified grant, step by step.

A step is one thing that is asked of a person at one place: a page to open or a form to send, Discord's own page to
say yes on, a command to type, a button with the form that it opens, a list to choose from. Whoever counts such a
form apart from its button needs no more than ten either, with the two commands that the README names.
"""

import signal
import types
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.end_to_end.test_first_run import WITHOUT, link, shows
from tests.support.child import open_child
from tests.support.dashboard_harness import Browser
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import eventually

ROOT = Path(__file__).parents[2]
MOST = 10
FIRST_LINE = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/usher run"


class Newcomer:
    """A vendor who never saw Usher; each thing they do is noted."""

    def __init__(self, child):
        self.child, self.steps, self.forms = child, [], 0
        self.discord, self.guild = child.discord, child.guild
        self.person = child.as_owner
        self.said = None  # the answer in Discord that is looked at

    def step(self, text):
        self.steps.append(text)

    async def types(self, command, **options):
        self.step(f"type /{command}")
        interaction = await self.child.run(command, **options)
        self.said = await interaction.answered()
        return interaction

    async def press(self, label, form=None):
        self.step(f"press {label}" + (" and fill in its form" if form else ""))
        done = await self.person.press(self.said, label)
        if form is not None:
            self.forms += 1
            done = await self.person.submit(done, form)
            self.said = await done.answered()
        return done

    async def reads(self, words):
        await eventually(lambda: words in text_of(self.said))

    def address(self, label):
        """The address of a link under the answer."""
        parts = [part for row in self.said.components for part in row["components"]]
        return next(part["url"] for part in parts if part.get("label") == label)

    def says_yes(self, address, text):
        """Discord's page behind an invite link: the bot is let in, or gets more rights."""
        self.step(text)
        asked = parse_qs(urlsplit(address).query)
        assert asked["client_id"] == [str(self.discord.bot.id)]
        rights = int(asked["permissions"][0])
        if self.discord.bot.id not in self.guild.members:
            self.discord.invite_bot(self.guild, bot_permissions=rights)
        else:
            self.discord.change_role(
                self.guild, self.discord.bot_role(self.guild), permissions=rights
            )


@pytest.fixture
async def newcomer(tmp_path):
    child = await open_child(tmp_path, furnished=False)
    child.discord.remove_bot(child.guild)
    child.tradingview.world.add_user("Tess_Tester")
    try:
        yield Newcomer(child)
    finally:
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def starts(newcomer):
    """The line in the terminal, and the pages that it leads through; without JavaScript."""
    child = newcomer.child
    assert FIRST_LINE in (ROOT / "README.md").read_text(encoding="utf-8")
    newcomer.step(FIRST_LINE)
    await child.spawn(**WITHOUT)
    port, opening = await link(child)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(types.SimpleNamespace(port=port), http)
        newcomer.step("open the printed link (without JavaScript: and paste it into the page)")
        await browser.get("/setup/")
        await browser.press("Go on", token=f"http://127.0.0.1:{port}/setup/#{opening}")
        newcomer.step("make the bot in Discord, paste its token")
        page = await browser.press("Check the token", token=child.discord.bot_token)
        ready = child.discord.bot_ready()
        newcomer.says_yes(page.links["Invite the bot to your server"], "invite the bot")
        await shows(browser, "Go on in Discord")  # by itself
        await ready
        assert "/setup show" in browser.page.text


async def gives_the_rights(newcomer):
    await newcomer.reads("I need Discord's rights")
    newcomer.says_yes(newcomer.address("Give me the rights"), "give the bot the rights")
    await newcomer.reads("I made the channel")  # by itself


async def logs_in_and_chooses(newcomer):
    child = newcomer.child
    cookies = {"sessionid": child.sessionid, "sessionid_sign": child.sign}
    await newcomer.press("Add the TradingView login", cookies)
    await newcomer.reads("1 invite-only script")
    newcomer.step("choose the scripts in the list")
    await newcomer.person.choose(newcomer.said, 0, [child.script.pine_id])
    await newcomer.reads("1 script added")


def verified(newcomer):
    """What TradingView was asked to give, and its list read after that."""
    calls = [call.name for call in newcomer.child.tradingview.log]
    return calls.count("add") == 1 and "list" in calls[calls.index("add") :]


async def test_by_the_checklist_alone_in_at_most_ten_steps(newcomer):
    await starts(newcomer)
    await newcomer.types("setup show")
    await newcomer.press("Make role and channel for me")
    await gives_the_rights(newcomer)
    await logs_in_and_chooses(newcomer)
    await newcomer.reads("prove that it works")
    await newcomer.press("Prove that it works", {"username": "Tess_Tester"})
    await newcomer.reads("your server is set up")
    assert "Read back: TradingView's list shows it" in text_of(newcomer.said)
    assert verified(newcomer)
    assert len(newcomer.steps) <= MOST, newcomer.steps
    await newcomer.types("setup show")
    assert "Everything is set up" in text_of(newcomer.said)
    assert labels(newcomer.said) == []


async def test_by_two_commands_in_ten_even_where_each_form_counts_by_itself(newcomer):
    await starts(newcomer)
    await newcomer.types("setup quick")
    await gives_the_rights(newcomer)
    await logs_in_and_chooses(newcomer)
    await newcomer.types("access grant", item="trend", duration="1M", username="Tess_Tester")
    await newcomer.reads("TradingView")
    await eventually(lambda: "✅" in text_of(newcomer.said))
    assert verified(newcomer)
    assert len(newcomer.steps) + newcomer.forms <= MOST, newcomer.steps
