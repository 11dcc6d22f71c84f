"""What a restored backup holds back of payments, and keeps from a vendor's own programs."""

from datetime import timedelta

from sqlalchemy import insert, select

from bot.store.catalogue import guilds
from bot.store.kinds import DeliveryState, OutgoingKind
from bot.store.ledger import events
from bot.store.maintenance import restore
from bot.store.people import web_sessions
from bot.store.sales import connections, outgoing
from bot.store.tables.outgoing import outgoing_endpoint, outgoing_event
from bot.store.tables.payments import delivery
from tests.support.vendor_fixture import AT, HOME, STAFF, open_shop

LATER = AT + timedelta(days=1)


async def test_messages_that_nobody_worked_on_wait_for_staff_and_programs_hear_nothing_twice(
    frozen, tmp_path
):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor, vendor.database.write() as connection:
        shop = await connections.add(
            connection, HOME, provider="standard", reference="r1", public_id="x" * 22, by=STAFF,
            at=AT, options={},
        )  # fmt: skip
        states = (DeliveryState.NEW, DeliveryState.NEW, DeliveryState.DONE, DeliveryState.UNMAPPED)
        for number, state in enumerate(states):
            await connection.execute(
                insert(delivery).values(
                    connection_id=shop.id, event_key=f"e{number}", kind="paid", received_at=AT,
                    state=state, attempts=0,
                )
            )  # fmt: skip
        endpoint = await outgoing.add_endpoint(
            connection, guild_id=HOME, host="example.com", kinds=["access.granted"], made_by=STAFF,
            made_at=AT, reference="r2",
        )  # fmt: skip
        message = {
            "endpoint_id": endpoint.id, "event_key": "msg_1", "kind": OutgoingKind.GRANTED,
            "body": "{}", "made_at": AT,
        }  # fmt: skip
        await outgoing.add_events(connection, [message])
        await events.record(connection, HOME, AT, "done")
        before = await outgoing.newest_event(connection)
        await restore.mark(connection, AT, LATER)
        found = await connection.execute(select(delivery.c.state, delivery.c.reason))
        assert [tuple(row) for row in found] == [
            ("stuck", restore.HELD), ("stuck", restore.HELD), ("done", None), ("unmapped", None),
        ]  # fmt: skip
        history = await events.since(connection, HOME, before)
        assert [entry.action for entry in history] == ["restored", "payment_stuck"]
        assert await connection.scalar(select(outgoing_event.c.state)) == "failed"
        row = (await connection.execute(select(outgoing_endpoint))).one()
        assert (row.read_event_id, row.read_ends_at) == (before, LATER)


async def test_nobody_is_signed_in_to_the_dashboard_by_a_copy(frozen, tmp_path):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor, vendor.database.write() as connection:
        await guilds.ensure(connection, HOME, AT)
        await web_sessions.add(connection, "a" * 64, HOME, STAFF, AT)
        await web_sessions.add_link(
            connection, "b" * 64, guild_id=HOME, member_id=STAFF, expires_at=LATER
        )
        await restore.mark(connection, AT, LATER)
        assert await web_sessions.listed(connection, HOME) == []
        assert await web_sessions.take_link(connection, "b" * 64, AT, LATER) is None
