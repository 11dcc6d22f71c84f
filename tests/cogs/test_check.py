"""/access check: what should be beside what is."""

from datetime import timedelta

from bot import clock
from tests.support.discord_harness import text_of


async def test_a_row_that_ended_agrees_with_no_access(harness):
    pine_id = next(iter(harness.vendor.world.scripts))
    harness.vendor.world.grant(pine_id, "Alice_T", clock.now() - timedelta(days=3))
    looked = await harness.run(harness.as_mod, "access check", username="Alice_T")
    said = text_of(looked.original)
    assert "ended" in said
    assert "differ" not in said


async def test_a_row_that_somebody_gave_by_hand_differs(harness):
    pine_id = next(iter(harness.vendor.world.scripts))
    harness.vendor.world.grant(pine_id, "Alice_T", clock.now() + timedelta(days=3))
    looked = await harness.run(harness.as_mod, "access check", username="Alice_T")
    assert "differ" in text_of(looked.original)
