"""The sandbox's TradingView in a process of its own: orders come as JSON lines, answers go back so."""

import asyncio
import json
import sys

from bot.sandbox.tradingview import FakeTradingView
from bot.sandbox.tradingview.calls import Call

PINE_ID = "PUB;" + "0123456789abcdef" * 2


async def serve() -> None:
    tradingview = FakeTradingView()
    await tradingview.start()
    world = tradingview.world
    vendor = world.add_vendor("Vendor_One")
    world.add_script(vendor, PINE_ID)
    sessionid, sign = world.open_session(vendor)
    say({"url": tradingview.url, "pine_id": PINE_ID, "sessionid": sessionid, "sign": sign})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        ids = {name: world.add_user(name).id for name in order.get("people", ())}
        for number in range(order.get("listed", 0)):
            world.grant(PINE_ID, f"customer_{number:04}", None)
        for name, value in order.get("switches", {}).items():
            tradingview.switches.set(name, value)
        if order.get("forget"):
            tradingview.log.clear()
        say(report(tradingview) | {"ids": ids})
    await tradingview.close()


def report(tradingview: FakeTradingView) -> dict[str, object]:
    """What was asked since the last time it was forgotten; moments in seconds."""
    calls = [call for call in tradingview.log if call.status is not None]
    taken = sorted(call.at.timestamp() for call in calls if call.status != 429)
    return {
        "taken": len(taken),
        "too_fast": len(calls) - len(taken),
        "refused": sum(is_refused(call) for call in calls),
        "refused_twice": refused_twice(calls),
        "begun": taken[0] if taken else 0.0,
        "ended": taken[-1] if taken else 0.0,
        "by_name": {
            name: sum(call.name == name and call.status != 429 for call in calls)
            for name in sorted({call.name for call in calls})
        },
        "changes": sum(call.applied for call in calls),
        "rows": len(tradingview.world.rows(PINE_ID)),
    }


def is_refused(call: Call) -> bool:
    """Whether its login was not accepted."""
    return call.status in (401, 403)


def refused_twice(calls: list[Call]) -> int:
    """How often a request was refused that had been refused before and had not come through since."""
    before: dict[str, bool] = {}
    twice = 0
    for call in calls:
        request = f"{call.path} {sorted(call.form.items())}"
        twice += is_refused(call) and before.get(request, False)
        before[request] = is_refused(call)
    return twice


def say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
