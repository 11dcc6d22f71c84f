"""An old session takes nothing away, by whichever path, nor does a yes to a loss that was asked while it was young."""

from datetime import timedelta

from bot import clock
from bot.access.ledger.errors import ChangesProduct, Effect, Shortens, StopsEverything
from bot.access.sweeps.errors import TakesFromMany
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_people import customer, end, have, orders

OLD = timedelta(minutes=16)
# Whatever may end somebody's access, or hand it to somebody else, whatever is chosen in the form.
TAKING = (
    "people/{customer_id:[0-9]+}/revoke",
    "people/{customer_id:[0-9]+}/pause",
    "people/{customer_id:[0-9]+}/name",
    "people/{customer_id:[0-9]+}/hand-over",
    "people/{customer_id:[0-9]+}/end-all",
    "people/{customer_id:[0-9]+}/merge",
    "people/{customer_id:[0-9]+}/forget",
    "people/name/{customer_id}/{name}",
    "people/set-right/{script_id}/{name}",
    "people/end/{script_id}/{name}",
    "claims/{claim_id}/move",
    "differences/{script_id}/retry",
    "differences/{script_id}/repair/{kind:extra|other_end|stuck}",
    "differences/undecided/drop",
    "differences/undecided/carry-out",
    "items/scripts/{item_id}/archive",
    "items/products/{item_id}/archive",
    "items/scripts/{item_id}/roles/{role_id}/remove",
    "items/products/{item_id}/roles/{role_id}/remove",
    "items/lost-roles/{loss_id}/end",
    "items/codes/revoke",
    "items/codes/{set_id}/revoke",
    "payments/contracts/{contract_id:[0-9]+}/end",
    "settings/keys",  # a key may end access
    "settings/keys/revoke",
    "settings/discord-shop/remove",
    "settings/webhooks/{connection_id}/remove",
    "settings/outgoing/{endpoint_id}/remove",
    "settings/staff/remove",
    "settings/manager/remove",
    "settings/sessions/end",
    "settings/sessions/{member_id}/end",
)


async def test_every_form_that_takes_something_away_wants_a_young_session(dashboard):
    rules = dashboard.app[ROUTES].rules
    for path in TAKING:
        assert rules["POST", "/dashboard/{guild_id:[0-9]{1,20}}/" + path].fresh, path


async def test_a_yes_to_a_loss_is_asked_and_said_in_a_young_session(dashboard, monkeypatch):
    """Whichever page asks: here the one that tries again what is stuck."""
    script, done = await dashboard.script("other"), []
    nobody = (Effect(script, ()),)
    for asked, loses in (
        (TakesFromMany(script, 6, 0, 10), True),
        (Shortens(script, "Alice_T", None, None), True),
        (StopsEverything("Alice_T", ("Trend",)), True),
        (StopsEverything("Alice_T", ("Trend",), goes_on=True), False),
        (ChangesProduct(await gold(dashboard), (), nobody), True),
        (ChangesProduct(await gold(dashboard), nobody, ()), False),
    ):

        async def retry(request, item, asked=asked):
            if not request.consent.confirmed and not request.consent.removals:
                raise asked
            done.append(item)
            return 0

        monkeypatch.setattr(dashboard.vendor.services.retries, "retry", retry)
        browser = await dashboard.signed_in(dashboard.owner)
        token = browser.page.form("Sign out").fields["form_token"]
        fields = {"form_token": token, "item": "trend"}
        dashboard.time.set(clock.now() + OLD - timedelta(minutes=2))
        page = await browser.post("retry", fields | {"once": "0" * 32})
        assert page.status == 409
        question = next(each for each in page.forms if "agreed" in each.fields)
        dashboard.time.set(clock.now() + timedelta(minutes=2))
        page = await browser.post(question.action, question.fields)
        assert page.status == (403 if loses else 200), asked
        assert done == ([] if loses else ["trend"])
        page = await browser.post("retry", fields | {"once": "1" * 32})
        assert page.status == (403 if loses else 409), asked
        done.clear()


async def gold(dashboard):
    [entry] = await dashboard.vendor.services.products.listed(dashboard.guild.id) or [None]
    if entry is None:
        await dashboard.run(
            dashboard.as_owner, "product create", slug="gold", title="Gold", scripts="trend"
        )
        return await gold(dashboard)
    return entry.product


async def test_what_a_longer_end_gave_is_not_taken_back_by_an_old_session(dashboard):
    alice = await customer(dashboard)
    await have(dashboard, "Alice_T", "1M")
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get(f"people/{alice.id}")
    page = await browser.press("Set the end", until="1Y")
    longer = end(dashboard)
    dashboard.time.set(clock.now() + OLD)
    fields = {"form_token": page.form("Sign out").fields["form_token"], "once": "0" * 32}
    page = await browser.post(f"{page.url.path}/put-back", fields)
    assert page.status == 403
    assert await orders(dashboard, "put_back") == 0
    assert end(dashboard) == longer
