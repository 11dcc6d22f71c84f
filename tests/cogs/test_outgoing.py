"""/outgoing over a real gateway: the secret once, a test, what went wrong in plain words, off and on, removed."""

import re

import pytest

from bot.access.rules.addresses import Allowed
from bot.notifications.outgoing_http import Poster
from bot.store.kinds import EndpointState
from bot.store.sales import outgoing
from tests.support.discord_harness import labels, text_of
from tests.support.receiver import receiving

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
async def office(harness, tmp_path):
    async with receiving(tmp_path) as receiver:
        harness.receiver = receiver
        harness.outgoing_endpoints._allowed = Allowed.of(("localhost",))
        harness.outgoing_webhooks._poster = Poster(Allowed.of(("localhost",)), receiver.trust)
        harness.outgoing_webhooks.start()
        yield harness


async def run(office, command, who=None, **options):
    return await office.run(who or office.as_owner, f"outgoing {command}", **options)


async def said(office, command, **options):
    interaction = await run(office, command, **options)
    await office.passes(lambda: "⏳" not in text_of(interaction.original))
    return text_of(interaction.original)


async def add(office, **options):
    return await run(office, "add", **({"address": office.receiver.url} | options))


async def test_the_secret_is_shown_once_to_the_one_who_asked(office):
    added = await add(office, events="access.granted")
    assert added.ephemeral
    assert len(SECRET.findall(text_of(added.original))) == 1
    assert "told from now on: `access.granted`" in text_of(added.original)
    shown = await said(office, "list")
    assert "localhost" in shown
    assert "Nothing was sent yet" in shown
    assert not SECRET.search(shown)
    assert "of-the-vendor" not in shown


async def test_a_test_says_what_came_of_it(office):
    await add(office)
    assert "took the test** (status 200)" in await said(office, "test", number=1)
    [(_, body)] = office.receiver.got
    assert '"type":"test"' in body
    for status, words in (
        (404, "there is nothing at that address (status 404)"),
        (302, "points to another address, where I do not follow"),
        (500, "something went wrong there (status 500)"),
    ):
        office.receiver.answer = [status]
        refused = await said(office, "test", number=1)
        assert "The test did not arrive" in refused
        assert words in refused


async def test_a_grant_arrives_and_the_list_says_so(office):
    await add(office)
    await office.run(office.as_mod, "access grant", item="trend", duration="1M", username="Alice_T")
    await office.passes(lambda: office.receiver.got)
    assert office.receiver.bodies[0]["type"] == "access.granted"
    await office.passes(lambda: True)
    assert "✅ It took the last message" in await said(office, "list")


async def test_what_went_wrong_is_in_the_list_and_is_sent_again(office):
    await add(office)
    office.receiver.answer = [500]
    await office.run(office.as_mod, "access grant", item="trend", duration="1M", username="Alice_T")
    await office.passes(lambda: office.receiver.got)
    await office.passes(lambda: True)
    shown = await said(office, "list")
    assert "something went wrong there (status 500)" in shown
    assert "1 message waits." in shown
    office.receiver.answer = [200]
    assert "sending 1 message that it did not take" in await said(office, "replay", number=1)
    await office.passes(lambda: len(office.receiver.got) > 1)
    assert len(set(office.receiver.ids)) == 1
    assert "nothing to send again" in await said(office, "replay", number=1)


async def test_off_is_said_once_in_red_and_a_replay_switches_on(office):
    channel = office.fake.add_channel(office.guild, "log")
    await office.choose_log_channel(channel)
    await add(office)
    office.receiver.answer = [410]
    await office.run(office.as_mod, "access grant", item="trend", duration="1M", username="Alice_T")

    def alarms():
        texts = map(text_of, office.as_mod.sees(channel))
        return [text for text in texts if "has not taken a message since" in text]

    await office.passes(alarms)
    await office.time.advance(600)
    assert len(alarms()) == 1
    assert "**It is off**" in await said(office, "list")
    office.receiver.answer = [200]
    assert "It is on again." in await said(office, "replay", number=1)
    async with office.vendor.database.read() as connection:
        [endpoint] = await outgoing.endpoints(connection)
    assert endpoint.state is EndpointState.ON


async def test_removing_asks_with_a_red_button(office):
    await add(office)
    asked = await run(office, "remove", number=1)
    assert "Shall I tell localhost nothing more?" in text_of(asked.original)
    assert labels(asked.original)[0] == "Yes, tell it nothing more"
    assert asked.original.components[0]["components"][0]["style"] == 4
    pressed = await office.as_owner.press(asked.original, "Yes, tell it nothing more")
    assert "is told nothing more" in text_of(await pressed.answered())
    assert "No program of yours" in await said(office, "list")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"address": "http://a.example/x"}, "must start with `https://`"),
        ({"address": "https://10.0.0.1/x"}, "private network"),
        ({"address": "https://me:secret@a.example/"}, "without a user name and password"),
        ({"address": "nonsense"}, "no address of a program"),
        ({"events": "access.gone"}, "nothing called `access.gone`"),
    ],
)
async def test_what_cannot_be_is_said_and_adds_nothing(office, options, words):
    refused = await add(office, **options)
    assert words in text_of(refused.original)
    assert "secret" not in text_of(refused.original)
    assert await office.outgoing_endpoints.listed(office.guild.id) == []


async def test_staff_and_buyers_see_and_change_nothing(office):
    await add(office)
    office.fake.open_commands(office.guild)
    for who in (office.as_mod, office.as_buyer):
        for command, options in (
            ("list", {}),
            ("add", {"address": office.receiver.url}),
            *((name, {"number": 1}) for name in ("test", "replay", "remove")),
        ):
            refused = await run(office, command, who, **options)
            assert "localhost" not in text_of(refused.original), command
    assert len(await office.outgoing_endpoints.listed(office.guild.id)) == 1
    assert office.receiver.got == []


async def test_a_number_of_nothing_is_said(office):
    for command in ("test", "replay", "remove"):
        assert "There is no program 7 here." in await said(office, command, number=7)
