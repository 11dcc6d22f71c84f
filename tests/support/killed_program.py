"""The whole bot, which kills itself at one step of a shop's message, or of a form, once SIGUSR1 armed it.

python -m tests.support.killed_program STEP
"""

import os
import signal
import sys

from bot.__main__ import main
from bot.access.orders.contracts import Contracts
from bot.access.orders.deliveries import Deliveries
from bot.access.orders.group_commit import GroupCommit
from bot.access.orders.outcomes import Outcomes
from bot.web.dashboard import routes
from bot.web.dashboard.forms import Form

# Verified and not committed; committed and not answered; in the transaction, after all that it changes;
# committed and nobody set to work; the buyer's message sent, and not noted.
STEPS = {
    "read": (GroupCommit, "put"),
    "committed": (Deliveries, "wake"),
    "processing": (Contracts, "take_in"),
    "processed": (Contracts, "go_on"),
    "told": (Outcomes, "member_told"),
}
# A form of the dashboard was noted and nothing was done; it was done and not answered.
FORM_STEPS = {"noted": (Form, "request"), "done": (routes, "see")}
_armed = []


def die_at(step):
    place, name = {**STEPS, **FORM_STEPS}[step]
    original = getattr(place, name)
    signal.signal(signal.SIGUSR1, lambda *_: _armed.append(step))

    async def die_after(*given):
        done = await original(*given)
        if _armed:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def die_before(*given):
        if _armed:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given)

    setattr(place, name, die_after if step == "processing" else die_before)


if __name__ == "__main__":
    die_at(sys.argv[1])
    sys.argv[1:] = ["run"]
    sys.exit(main())
