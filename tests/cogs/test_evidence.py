"""/evidence over a real gateway: all there is about one customer, and nobody else."""

import pytest

from bot.sandbox.discord import RefusedError
from tests.cogs.test_codes import link
from tests.support.discord_harness import text_of


def files_of(harness, message):
    found = {}
    for file in message.attachments:
        name = file["filename"].rpartition(".")[2]
        found[name] = harness.fake.world.files[int(file["id"])].decode("utf-8-sig")
    return found


async def test_the_file_tells_what_one_customer_bought_had_was_told_and_did(harness):
    await link(harness, harness.buyer, "Alice_T")
    run = harness.run
    granted = await run(
        harness.as_mod, "access grant", item="trend", duration="1M", member=harness.buyer,
        note="asked by Bob_Secret",
    )  # fmt: skip
    await harness.passes(
        lambda: "Alice" in text_of(granted.original) and "✅" in text_of(granted.original)
    )
    other = await run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_Two"
    )
    await harness.passes(lambda: "✅" in text_of(other.original))
    await harness.passes(harness.as_buyer.dms)
    await run(harness.as_buyer, "me")
    made = await run(harness.as_owner, "evidence", member=harness.buyer)
    assert made.ephemeral
    found = files_of(harness, made.original)
    page, table = found["html"], found["csv"]
    for part in (
        "Alice_T",
        str(harness.buyer.id),
        "given by staff",
        "access until 20",
        "told how the order",
    ):
        assert part in page
    assert page.startswith("<!doctype html>")
    assert "TradingView shows it" in table
    for stranger in ("Alice_Two", "Bob_Secret", str(harness.mod.id), "<script"):
        assert stranger not in page + table


async def test_of_somebody_unknown_there_is_no_file(harness):
    said = await harness.run(harness.as_owner, "evidence", username="nobody_here")
    assert not said.original.attachments
    assert "I have no record of" in text_of(said.original)


async def test_staff_who_are_no_managers_are_not_shown_it(harness):
    with pytest.raises(RefusedError, match="no command /evidence"):
        await harness.run(harness.as_mod, "evidence", username="Alice_Two")
