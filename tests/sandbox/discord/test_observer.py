"""What a watcher is told, and the picture of everything."""

import json


def kinds(queue):
    """The events that wait in the queue, by type."""
    events = [queue.get_nowait() for _ in range(queue.qsize())]
    return {event["type"]: event for event in events}


async def test_messages_tell_who_may_see_them(api, shop, fake):
    queue = fake.subscribe()
    used, path = shop.opened()
    await api("POST", path, {"type": 4, "data": {"content": "one", "flags": 64}})
    edit = f"/webhooks/{fake.bot.id}/{used.token}/messages/@original"
    await api("PATCH", edit, {"content": "two"})
    await api("DELETE", edit)
    events = kinds(queue)
    assert list(events) == [
        "message_created",
        "interaction_acknowledged",
        "message_edited",
        "message_deleted",
    ]
    assert events["message_created"]["message"]["visible_to"] == [str(shop.buyer.id)]
    assert events["message_edited"]["message"]["history"] == ["one", "two"]
    assert events["interaction_acknowledged"]["reply"] == "message"


async def test_changes_of_guilds_and_doors_are_told(shop, fake):
    queue = fake.subscribe()
    fake.add_role(shop.guild, "VIP")
    fake.close_dms(shop.buyer)
    assert list(kinds(queue)) == ["guild_changed", "user_changed"]
    fake.unsubscribe(queue)
    fake.open_dms(shop.buyer)
    assert queue.empty()


async def test_the_snapshot_is_json_and_complete(api, shop, fake):
    await shop.as_buyer.say("hello", channel=shop.channel)
    await shop.as_buyer.say("psst")
    picture = json.loads(json.dumps(fake.snapshot()))
    assert picture["bot"]["online"] is False
    (guild,) = picture["guilds"]
    assert guild["owner_id"] == str(shop.owner.id)
    assert [each["content"] for each in guild["channels"][0]["messages"]] == ["hello"]
    assert [each["content"] for each in picture["dms"][0]["messages"]] == ["psst"]
    assert {each["name"] for each in picture["users"]} == {"Usher", "olga", "ben"}
