"""/dashboard and /dashboard-sessions over a real gateway: the link, who is signed in, and who may end it."""

import re

import pytest

from bot.access.people.web_session_errors import DashboardLinkOver
from bot.access.people.web_sessions import WebSessions
from bot.replies.dashboard import open_button
from bot.sandbox.discord.options import RefusedError
from tests.support.discord_harness import labels, text_of

PUBLIC = "https://bot.example/usher"
LINK = re.compile(r"https://bot\.example/usher/dashboard/#([\w-]{43})$")


@pytest.fixture
def public(harness, monkeypatch):
    monkeypatch.setattr(harness.web_sessions, "_base", PUBLIC)
    return harness


def address(message):
    [part] = [part for row in message.components for part in row["components"]]
    return part["url"]


async def test_staff_get_a_link_of_their_own_privately(public):
    asked = await public.run(public.as_mod, "dashboard")
    assert asked.original.ephemeral
    token = LINK.match(address(asked.original))[1]
    assert token not in text_of(asked.original)
    opened = await public.web_sessions.open(token)
    assert (opened.session.guild_id, opened.session.member_id) == (public.guild.id, public.mod.id)


async def test_without_an_address_the_answer_says_where_the_dashboard_is(harness):
    asked = await harness.run(harness.as_mod, "dashboard")
    assert "usher dashboard" in text_of(asked.original)
    assert not asked.original.components


async def test_an_address_that_everybody_could_read_along_is_none(harness):
    assert WebSessions(harness.vendor.database, "http://bot.example").base is None


async def test_buyers_have_no_dashboard(public):
    with pytest.raises(RefusedError):
        await public.run(public.as_buyer, "dashboard")


async def test_managers_see_who_is_signed_in_and_sign_them_out(public):
    nobody = await public.run(public.as_owner, "dashboard-sessions")
    assert "Nobody is signed in" in text_of(nobody.original)
    for who in (public.as_mod, public.as_owner):
        asked = await public.run(who, "dashboard")
        await public.web_sessions.open(LINK.match(address(asked.original))[1])
        await public.time.advance(1)  # the last seen stands first
    left_open = LINK.match(address((await public.run(public.as_mod, "dashboard")).original))[1]
    shown = await public.run(public.as_owner, "dashboard-sessions")
    text = text_of(shown.original)
    assert "2 browsers are signed in" in text
    assert f"1. <@{public.owner.id}>" in text
    assert f"2. <@{public.mod.id}>" in text
    assert labels(shown.original) == [
        "Sign everybody out",
        "Sign out number 1",
        "Sign out number 2",
    ]
    pressed = await public.as_owner.press(shown.original, "Sign out number 2")
    await pressed.answered()
    assert "1 browser was signed out" in text_of(shown.original)
    [left] = await public.web_sessions.listed(public.guild.id)
    assert left.member_id == public.owner.id
    with pytest.raises(DashboardLinkOver):
        await public.web_sessions.open(left_open)  # what they had not opened yet ended too


async def test_staff_may_not_sign_others_out(public):
    with pytest.raises(RefusedError):
        await public.run(public.as_mod, "dashboard-sessions")


async def test_the_button_of_other_messages_gives_a_link_beside_them(public):
    button = open_button(public.guild.id)
    assert button.key == f"u:dash_open:{public.guild.id}"
