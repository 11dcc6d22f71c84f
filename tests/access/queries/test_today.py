"""A server's day: each number is the length of the list behind it, whoever is in it, and no other server's."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot import clock
from bot.access.queries.people import Group
from bot.access.queries.today import SHOWN
from bot.store.catalogue import products
from bot.store.ledger import purchases
from bot.store.people import claims, customers
from bot.store.records import USHER
from bot.store.tables.ledger import entitlement
from bot.store.tables.payments import connection as shop, contract, contract_purchase, contract_ref
from bot.store.tables.people import customer
from tests.support.access_harness import open_harness
from tests.support.many import hold_all, many_people, many_scripts
from tests.support.vendor_fixture import AT, HOME, OTHER


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        yield harness


async def filled(harness, seed, guild_id=HOME, number=60):
    """People who stand in every way there is, by chance."""
    chance = random.Random(seed)
    listed = await many_scripts(harness.database, guild_id, 3)
    people = await many_people(harness.database, guild_id, number)
    for person in people:
        for script in chance.sample(listed, chance.randrange(4)):
            wanted = chance.choice(("until", "until", "until", "lifetime", "open", "nothing"))
            end = clock.now() + timedelta(days=chance.randrange(-40, 40))
            state = chance.choice(("done", "done", "done", "waiting", "working", "stuck"))
            await hold_all(
                harness.database,
                [(script, person)],
                wanted=wanted,
                wanted_ends_at=end if wanted == "until" else None,
                state=state,
                reason="refused" if state == "stuck" else None,
                asked_at=clock.now() - timedelta(hours=chance.randrange(100)),
            )
    async with harness.database.write() as connection:
        for person in people:
            changed = {
                "member_id": chance.choice((None, 10**6 * seed + person.id)),
                "blocked_at": chance.choice((None, None, None, clock.now())),
                # An erased person is in no list, whatever is left of them.
                "forgotten": chance.choice((None,) * 9 + (1,)),
            }
            await connection.execute(
                update(customer).where(customer.c.id == person.id).values(changed)
            )
        for each in range(3):  # they got something, and told no name
            nameless = await customers.add(connection, guild_id, member_id=10**9 * seed + each)
            await buy(connection, nameless, listed[0], f"nameless {seed} {each}")
    return people, listed


async def buy(connection, person, script, reference, source="payment"):
    """A purchase of that script, which waits for a name."""
    bought = await purchases.add(
        connection, person.guild_id, person.id, source=source, reference=reference, kind="until",
        actor=USHER, asked_at=clock.now(), script_id=script.id, length="1M",
    )  # fmt: skip
    await connection.execute(
        insert(entitlement).values(
            guild_id=person.guild_id, purchase_id=bought.id, script_id=script.id, source=source,
            reference=reference, kind="until", length="1M", asked_at=clock.now(),
        )
    )  # fmt: skip
    return bought


async def everybody(harness, group, **asked):
    """All pages of a list, one after the other."""
    page, found = 0, []
    while True:
        now = await harness.people_list.page(HOME, group, page=page, **asked)
        found += now.people
        assert now.page == page
        if page + 1 == now.pages:
            assert len(found) == now.total
            return found
        page += 1


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_number_is_the_length_of_the_list_behind_it(harness, seed):
    await filled(harness, seed)
    await filled(harness, seed + 10, guild_id=OTHER)
    view = await harness.today.view(HOME)
    assert set(view.people) == set(SHOWN)
    for group in Group:
        people = await everybody(harness, group)
        ids = [each.customer.id for each in people]
        assert len(set(ids)) == len(ids)
        assert {each.customer.guild_id for each in people} <= {HOME}
        assert all(each.customer.forgotten is None for each in people)
        if group in SHOWN:
            assert view.people[group] == len(ids), group
        assert ids, group  # else it says nothing


async def test_each_group_has_those_whom_it_is_about(harness):
    _, listed = await filled(harness, 4)
    now = clock.now()
    people = {group: await everybody(harness, group) for group in Group}
    assert all(each.accesses for each in people[Group.ACCESS])
    assert all(now < each.ends_at <= now + timedelta(days=7) for each in people[Group.WEEK])
    assert all(each.customer.member_id is None for each in people[Group.UNLINKED])
    assert all(each.customer.username is None for each in people[Group.NAMELESS])
    assert all(each.waiting for each in people[Group.WAITING])
    assert all(each.stuck for each in people[Group.STUCK])
    assert all(each.customer.blocked_at for each in people[Group.BLOCKED])
    rest = {each.customer.id for each in people[Group.ALL] if not each.accesses}
    assert rest.isdisjoint(each.customer.id for each in people[Group.ACCESS])
    ends = [each.ends_at for each in people[Group.ACCESS] if each.ends_at]
    assert ends == sorted(ends)
    [only] = [script.slug for script in listed[:1]]
    for each in await everybody(harness, Group.ACCESS, item=only):
        page = await harness.people_list.page(HOME, Group.ACCESS, text=each.customer.username)
        assert listed[0] in page.scripts[each.customer.id]


async def test_an_item_cuts_a_list_down_to_those_who_have_it_by_a_product_too(harness):
    listed = await many_scripts(harness.database, HOME, 2)
    [ann, bob] = await many_people(harness.database, HOME, 2)
    async with harness.database.write() as connection:
        gold = await products.add(connection, HOME, by=1, at=AT, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [listed[0].id])
    await harness.grant(ann.username, "1M", item="gold", unknown_name=True)
    await hold_all(harness.database, [(listed[0], bob)])
    found = await everybody(harness, Group.ALL, item="gold")
    assert [each.customer.id for each in found] == [ann.id]
    found = await everybody(harness, Group.ALL, item=listed[0].slug)
    assert {each.customer.id for each in found} == {ann.id, bob.id}
    assert await everybody(harness, Group.ALL, item=listed[1].slug) == []


async def test_ten_thousand_people_stand_in_one_order_over_all_pages(harness):
    people = await many_people(harness.database, HOME, 10_000)
    end = AT + timedelta(days=5)  # the same for all: the name decides
    pairs = [(harness.script, person) for person in people]
    await hold_all(harness.database, pairs, wanted="until", wanted_ends_at=end)
    seen = []
    for page in (0, 1, 2, 199):
        found = await harness.people_list.page(HOME, Group.WEEK, page=page)
        assert (found.total, found.pages, len(found.people)) == (10_000, 200, 50)
        seen += [each.customer.name_folded for each in found.people]
    names = sorted(person.name_folded for person in people)
    assert seen == [*names[:150], *names[-50:]]
    beyond = await harness.people_list.page(HOME, Group.WEEK, page=10_000)
    assert (beyond.page, len(beyond.people)) == (199, 50)


async def test_somebody_is_found_by_name_id_note_and_the_numbers_of_orders(harness):
    [ann, bob, eve] = await many_people(harness.database, HOME, 3, members=True)
    order_id = await harness.grant(
        ann.username, "1M", note="paid by bank, invoice 77", unknown_name=True
    )
    async with harness.database.write() as connection:
        await connection.execute(
            insert(shop).values(
                id=1, guild_id=HOME, public_id="p", provider="stripe", options={}, terms={},
                made_by=1, made_at=AT, reference="r",
            )
        )  # fmt: skip
        await connection.execute(
            insert(contract).values(
                id=5, guild_id=HOME, connection_id=1, name="order:A-1001", facts=[],
                customer_id=bob.id, claimed_how="staff", why="paid", told=[], made_at=AT,
                changed_at=AT,
            )
        )  # fmt: skip
        await connection.execute(
            insert(contract_ref).values(connection_id=1, ref="in_42", contract_id=5)
        )
    for text, person in (
        (ann.username[2:], ann),
        (ann.username.upper(), ann),
        (str(eve.member_id), eve),
        ("invoice 77", ann),
        (f"#{order_id}", ann),
        ("A-1001", bob),
        ("in_42", bob),
    ):
        found = await everybody(harness, Group.ALL, text=text)
        assert [each.customer.id for each in found] == [person.id], text
    by_member = await everybody(
        harness, Group.ALL, text="zzz", members=frozenset({eve.member_id, 4})
    )
    assert [each.customer.id for each in by_member] == [eve.id]
    nobody = await harness.people_list.page(HOME, Group.ALL, text=f"{ann.username}x")
    assert (nobody.total, nobody.is_empty) == (0, False)
    assert ann.username in nobody.near
    assert (await harness.people_list.page(OTHER, Group.ALL, text=ann.username)).is_empty


async def test_the_queue_the_login_requests_payments_and_sales(harness):
    [ann, bob] = await many_people(harness.database, HOME, 2, members=True)
    await hold_all(harness.database, [(harness.script, ann)], state="waiting")
    await hold_all(harness.database, [(harness.script, bob)], state="stuck", reason="refused")
    async with harness.database.write() as connection:
        await claims.add(connection, HOME, 7, "Somebody", AT)
        for number, source in enumerate(("staff", "payment", "code", "premium", "gift")):
            await buy(connection, ann, harness.script, f"b{number}", source)
    view = await harness.today.view(HOME)
    assert (view.orders_waiting, view.orders_stuck) == (1, 1)
    assert [row.customer.id for row in view.queue.stuck] == [bob.id]
    assert [each.username for each in view.requests] == ["Somebody"]
    assert view.login.state.name == "NONE"
    assert [each.purchase.source for each in view.sales] == ["premium", "code", "payment"]
    assert {each.item.id for each in view.sales} == {harness.script.id}
    assert [number for _, number in view.counted.weeks] == [0] * 11 + [3]
    assert view.counted.weeks[-1][0].weekday() == 0
    assert (view.payments.orders, view.payments.messages) == (0, 0)
    other = await harness.today.view(OTHER)
    assert not any(other.people.values())
    assert (other.sales, other.requests, other.orders_waiting) == ((), (), 0)


async def test_an_amount_is_told_where_the_shop_told_it_and_it_paid_for_this_alone(harness):
    [ann] = await many_people(harness.database, HOME, 1)
    paid = {
        "fact": "payment", "key": "in_1", "contract": "sub_1", "at": "2026-03-01T00:00:00+00:00",
        "amount": "29.90", "currency": "EUR",
    }  # fmt: skip
    async with harness.database.write() as connection:
        await connection.execute(
            insert(shop).values(
                id=1, guild_id=HOME, public_id="p", provider="stripe", options={}, terms={},
                made_by=1, made_at=AT, reference="r",
            )
        )  # fmt: skip
        for number, gave in ((5, 1), (6, 2)):
            await connection.execute(
                insert(contract).values(
                    id=number, guild_id=HOME, connection_id=1, name=f"sub_{number}", facts=[paid],
                    customer_id=ann.id, claimed_how="staff", why="paid", told=[], made_at=AT,
                    changed_at=AT,
                )
            )  # fmt: skip
            for part in range(gave):
                bought = await buy(connection, ann, harness.script, f"c{number} {part}")
                await connection.execute(
                    insert(contract_purchase).values(
                        contract_id=number, part=f"{part}", purchase_id=bought.id, line_key="p",
                        wanted={},
                    )
                )  # fmt: skip
    view = await harness.today.view(HOME)
    amounts = [each.paid and (str(each.paid.amount), each.paid.currency) for each in view.sales]
    assert amounts == [None, None, ("29.90", "EUR")]


async def test_where_many_have_access_nobody_waits_for_what_takes_long_to_count(
    harness, monkeypatch
):
    monkeypatch.setattr("bot.access.queries.today.FEW", 0)
    [ann] = await many_people(harness.database, HOME, 1)
    await hold_all(harness.database, [(harness.script, ann)])
    assert (await harness.today.view(HOME)).counted is None
    await harness.today._counting[HOME]
    view = await harness.today.view(HOME)
    assert view.counted is not None
    assert view.counted.seats.today == 1
    assert (await harness.today.view(OTHER, patience=5)).counted is not None
