"""/export over a real gateway: the customers as files, for managers, and nobody of another server."""

import csv
import io

import pytest

from bot.access.people.import_csv import read
from bot.sandbox.discord import RefusedError
from bot.sandbox.discord.options import Upload
from tests.cogs.test_codes import link
from tests.support.discord_harness import text_of


def files_of(harness, message):
    """The rows of each file, by what it is about."""
    found = {}
    for file in message.attachments:
        text = harness.fake.world.files[int(file["id"])].decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        found[file["filename"].removesuffix(".csv")] = rows
    return found


async def grant(harness, **options):
    granted = await harness.run(harness.as_mod, "access grant", item="trend", **options)
    await harness.passes(lambda: "✅" in text_of(granted.original))


async def test_the_customers_come_as_files_that_only_the_asker_sees(harness):
    await link(harness, harness.buyer, "Alice_T")
    await grant(harness, duration="1M", member=harness.buyer, note="=HYPERLINK(1)")
    await grant(harness, duration="L", username="__bob__")
    made = await harness.run(harness.as_owner, "export")
    assert made.ephemeral
    assert "2 people" in text_of(made.original)
    found = files_of(harness, made.original)
    assert list(found) == ["customers", "purchases", "access"]
    bob, alice = found["customers"]
    assert list(alice) == ["username", "discord_id", "item", "kind", "until", "note"]
    assert (bob["username"], bob["kind"], bob["until"]) == ("__bob__", "lifetime", "lifetime")
    assert (alice["username"], alice["item"], alice["kind"]) == ("Alice_T", "trend", "until")
    assert alice["until"].endswith("+00:00")
    assert alice["note"] == "'=HYPERLINK(1)"
    [line] = [each for each in read(_data(harness, made.original)) if each.username == "Alice_T"]
    assert int(line.member) == harness.buyer.id
    assert [row["source"] for row in found["purchases"]] == ["staff", "staff"]
    assert {(row["wanted"], row["agrees"]) for row in found["access"]} == {
        ("until", "yes"),
        ("lifetime", "yes"),
    }


def _data(harness, message):
    return harness.fake.world.files[int(message.attachments[0]["id"])]


async def test_the_customers_go_back_into_bulk_set_as_they_are(harness):
    await link(harness, harness.buyer, "Alice_T")
    await grant(harness, duration="1M", member=harness.buyer, note="-10 % by @mia")
    await grant(harness, duration="L", username="__bob__")
    made = await harness.run(harness.as_owner, "export")
    file = Upload("customers.csv", _data(harness, made.original))
    back = await harness.run(harness.as_owner, "bulk set", file=file)
    await harness.passes(lambda: "nothing to do" in text_of(back.original).casefold())
    assert "2 rows" in text_of(back.original)


async def test_one_item_alone_is_named_in_the_files_and_in_the_history(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    await harness.script("range")
    await grant(harness, duration="1M", username="Alice_T")
    made = await harness.run(harness.as_owner, "export", item="range")
    assert "0 people" in text_of(made.original)
    found = files_of(harness, made.original)
    assert found == {"customers-range": [], "purchases-range": [], "access-range": []}
    await harness.time.advance(60)

    def told():
        return [text_of(each) for each in harness.as_owner.sees(log)]

    await harness.passes(
        lambda: any("exported the customers of **Range**" in each for each in told())
    )


async def test_an_item_that_is_not_there_is_said(harness):
    made = await harness.run(harness.as_owner, "export", item="trand")
    assert not made.original.attachments
    assert "trend" in text_of(made.original)


async def test_staff_who_are_no_managers_get_no_files(harness):
    with pytest.raises(RefusedError, match="no command /export"):
        await harness.run(harness.as_mod, "export")
