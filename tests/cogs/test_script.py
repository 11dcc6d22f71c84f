"""/script over a real gateway."""

from tests.support.discord_harness import labels, text_of


async def run(office, command, **options):
    return (await office.run(office.as_owner, f"script {command}", **options)).original


async def test_a_script_is_added_and_listed(office):
    pine_id = office.shop.world.add_script(office.shop.vendor).pine_id
    said = await run(office, "add", pine_id=pine_id, slug="Tail", title="Tail Hunter")
    assert "Tail Hunter is added" in text_of(said)
    assert "not 32 characters" not in text_of(said)
    text = text_of(await run(office, "list"))
    assert "2 scripts." in text
    assert f"**Tail Hunter** – `tail` – `{pine_id}` – 0 people" in text


async def test_bad_input_is_told_what_is_wrong_and_adds_nothing(office):
    for pine_id, words in {
        "https://www.tradingview.com/script/AbCdEfGh-Trend/": "address of a page",
        "USER;0123456789abcdef0123456789abcdef": "saved private script",
        "STD;RSI": "TradingView's own scripts",
        "😀" * 20: "That is no pine id",
        "PUB;" + "0" * 32: "was not added",
    }.items():
        said = await run(office, "add", pine_id=pine_id, slug="x", title="X")
        assert words in text_of(said), pine_id
    odd = office.shop.world.add_script(office.shop.vendor, "PUB;abcd1234").pine_id
    assert "cannot be a short name" in text_of(
        await run(office, "add", pine_id=odd, slug="two words", title="X")
    )
    assert "1 to 100" in text_of(await run(office, "add", pine_id=odd, slug="x", title="a" * 101))
    assert "is taken" in text_of(await run(office, "add", pine_id=odd, slug="trend", title="X"))
    assert "1 script." in text_of(await run(office, "list"))
    said = await run(office, "add", pine_id=odd, slug="odd", title="Odd")
    assert "not 32 characters" in text_of(said)
    assert "is here already" in text_of(
        await run(office, "add", pine_id=odd, slug="again", title="X")
    )


async def test_a_slow_tradingview_is_said_and_then_the_outcome(office):
    office.switches.hang = True
    pine_id = office.shop.world.add_script(office.shop.vendor).pine_id
    asked = await office.as_owner.run(
        "script add",
        guild=office.guild,
        channel=office.channel,
        pine_id=pine_id,
        slug="tail",
        title="Tail",
    )
    await asked.acknowledged_()
    await office.passes(lambda: asked.messages and "Asking TradingView" in text_of(asked.original))
    office.switches.hang = False
    await office.passes(lambda: "is added" in text_of(asked.original))


async def test_a_script_is_renamed(office):
    said = await run(office, "rename", item="trend", slug="trend-pro", title="Trend Pro")
    assert "is now **Trend Pro** (`trend-pro`)" in text_of(said)
    assert "no script called `trend`" in text_of(
        await run(office, "rename", item="trend", slug="x", title="X")
    )


async def test_archiving_says_how_many_still_have_it_and_asks(office):
    await office.run(office.as_mod, "access grant", item="trend", duration="L", username="Alice_T")
    question = await run(office, "archive", item="trend")
    assert "1 person still has it" in text_of(question)
    press = await office.as_owner.press(question, "No, leave it")
    await press.until(lambda now: "stays as it is" in text_of(now))
    question = await run(office, "archive", item="trend")
    press = await office.as_owner.press(question, "Yes, archive it")
    await press.until(lambda now: "is archived" in text_of(now))
    assert labels(question) == []
    assert "archived" in text_of(await run(office, "list"))
    pine_id = next(iter(office.shop.world.scripts))
    assert office.shop.world.has_access(pine_id, "Alice_T")
    said = await run(office, "add", pine_id=pine_id, slug="trend", title="Trend")
    assert "is back" in text_of(said)


async def test_suggestions_come_while_typing(office):
    for command in ("rename", "archive"):
        found = await office.as_owner.complete(
            f"script {command}", "item", "tre", guild=office.guild
        )
        assert [one["value"] for one in found] == ["trend"]
