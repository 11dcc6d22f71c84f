"""/script over a real gateway."""

from tests.support.discord_harness import labels, text_of


async def run(harness, command, **options):
    return (await harness.run(harness.as_owner, f"script {command}", **options)).original


async def test_a_script_is_added_and_listed(harness):
    pine_id = harness.vendor.world.add_script(harness.vendor.vendor).pine_id
    said = await run(harness, "add", pine_id=pine_id, slug="Tail", title="Tail Hunter")
    assert "Tail Hunter is added" in text_of(said)
    assert "not 32 characters" not in text_of(said)
    text = text_of(await run(harness, "list"))
    assert "2 scripts." in text
    assert f"**Tail Hunter** – `tail` – 0 people have it\n-# `{pine_id}`" in text


async def test_bad_input_is_told_what_is_wrong_and_adds_nothing(harness):
    for pine_id, words in {
        "https://www.tradingview.com/script/AbCdEfGh-Trend/": "address of a page",
        "USER;0123456789abcdef0123456789abcdef": "saved private script",
        "STD;RSI": "TradingView's own scripts",
        "😀" * 20: "That is no pine id",
        "PUB;" + "0" * 32: "was not added",
    }.items():
        said = await run(harness, "add", pine_id=pine_id, slug="x", title="X")
        assert words in text_of(said), pine_id
    odd = harness.vendor.world.add_script(harness.vendor.vendor, "PUB;abcd1234").pine_id
    assert "cannot be a short name" in text_of(
        await run(harness, "add", pine_id=odd, slug="two words", title="X")
    )
    assert "1 to 100" in text_of(await run(harness, "add", pine_id=odd, slug="x", title="a" * 101))
    assert "is taken" in text_of(await run(harness, "add", pine_id=odd, slug="trend", title="X"))
    assert "1 script." in text_of(await run(harness, "list"))
    said = await run(harness, "add", pine_id=odd, slug="odd", title="Odd")
    assert "not 32 characters" in text_of(said)
    assert "is here already" in text_of(
        await run(harness, "add", pine_id=odd, slug="again", title="X")
    )


async def test_a_slow_tradingview_is_said_and_then_the_outcome(harness):
    harness.switches.hang = True
    pine_id = harness.vendor.world.add_script(harness.vendor.vendor).pine_id
    request = await harness.as_owner.run(
        "script add",
        guild=harness.guild,
        channel=harness.channel,
        pine_id=pine_id,
        slug="tail",
        title="Tail",
    )
    await request.acknowledged_()
    await harness.passes(
        lambda: request.messages and "Asking TradingView" in text_of(request.original)
    )
    harness.switches.hang = False
    await harness.passes(lambda: "is added" in text_of(request.original))


async def test_a_script_is_renamed(harness):
    said = await run(harness, "rename", item="trend", slug="trend-pro", title="Trend Pro")
    assert "is now **Trend Pro** (`trend-pro`)" in text_of(said)
    assert "no script called `trend`" in text_of(
        await run(harness, "rename", item="trend", slug="x", title="X")
    )


async def test_archiving_says_how_many_still_have_it_and_asks(harness):
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="L", username="Alice_T"
    )
    question = await run(harness, "archive", item="trend")
    assert "1 person still has it" in text_of(question)
    press = await harness.as_owner.press(question, "No, leave it")
    await press.until(lambda now: "stays as it is" in text_of(now))
    question = await run(harness, "archive", item="trend")
    press = await harness.as_owner.press(question, "Yes, archive it")
    await press.until(lambda now: "is archived" in text_of(now))
    assert labels(question) == []
    assert "archived" in text_of(await run(harness, "list"))
    pine_id = next(iter(harness.vendor.world.scripts))
    assert harness.vendor.world.has_access(pine_id, "Alice_T")
    said = await run(harness, "add", pine_id=pine_id, slug="trend", title="Trend")
    assert "is back" in text_of(said)


async def test_suggestions_come_while_typing(harness):
    for command in ("rename", "archive"):
        found = await harness.as_owner.complete(
            f"script {command}", "item", "tre", guild=harness.guild
        )
        assert [one["value"] for one in found] == ["trend"]
