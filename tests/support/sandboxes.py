"""Sandboxes of tests, once they have opened."""

from tests.support.fake_time import eventually


async def has_opened(sandbox):
    """Wait until its bot has started and its owner has set it up, without a mistake.

    That is some twenty commands, one after the other: together they may take longer than any one thing.
    """
    opening = sandbox.simulation.opening
    await eventually(lambda: opening.over, seconds=110)
    assert [task for task in opening.tasks if task.state != "done"] == []
