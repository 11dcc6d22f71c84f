"""What the sandbox does before anybody plays: each command is carried out, or said to have failed."""

from types import SimpleNamespace

from bot.sandbox import opening
from bot.sandbox.opening import Opening

NO_LOGIN = "**There is no TradingView login yet.**"


def opened_with(shop, monkeypatch, answers):
    """The opening of a shop whose bot is there, and answers that to its first command."""
    made = Opening(shop, SimpleNamespace(state="running"))
    made.tasks = made.tasks[1:2]
    used = []

    async def use(path, _):
        used.append(path)
        return answers[min(len(used), len(answers)) - 1]

    monkeypatch.setattr(made, "_use", use)
    return made, used


async def test_a_login_that_was_tried_and_is_not_in_use_yet_is_waited_for(shop, monkeypatch):
    made, used = opened_with(shop, monkeypatch, [NO_LOGIN, NO_LOGIN, "✅ **Trend is added.**"])
    await made.run()
    [task] = made.tasks
    assert (task.state, task.said) == ("done", "✅ **Trend is added.**")
    assert used == ["script add"] * 3


async def test_what_the_bot_goes_on_refusing_has_failed_and_says_why(shop, monkeypatch):
    monkeypatch.setattr(opening, "_LOGIN_TIMEOUT", 0.0)
    made, _ = opened_with(shop, monkeypatch, [NO_LOGIN])
    await made.run()
    assert made.over
    assert made.describe()["failed"]
    assert made.tasks[0].said == NO_LOGIN
