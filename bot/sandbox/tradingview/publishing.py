"""Where a vendor finds the own scripts: pine-facade, the managed ones, names by id (wire §11)."""

from typing import Any

from bot.sandbox.tradingview import answers
from bot.sandbox.tradingview.answers import Outcome
from bot.sandbox.tradingview.calls import Call
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import Script, Session, World

_NUMBERS = {"open_no_auth": 1, "protected": 2, "invite_only": 3}
# Nobody but the vendor may ever read this; a client that shows or keeps it is wrong.
SOURCE = "//@version=6\nindicator('the vendor\\'s secret')\nplot(close)"


class Showcase:
    """Answers for the scripts of a world under its switches."""

    def __init__(self, world: World, switches: Switches) -> None:
        self._world = world
        self._switches = switches

    def published(self, session: Session | None, call: Call) -> Outcome:
        """Everything published; without a login an empty list, as if there were none."""
        if session is None:
            mode = self._switches.logged_out_answer
            if self._switches.published_logged_out == "refused":
                return Outcome(answers.not_logged_in(mode, call.path))
            return Outcome(answers.as_json(200, []))
        if call.query.get("filter") != "published" or self._switches.published_empty:
            return Outcome(answers.as_json(200, []))
        mine = self._world.owned_by(session.vendor)
        return Outcome(answers.as_json(200, [_publication(session, script) for script in mine]))

    def managed(self, session: Session) -> Outcome:
        """The pine ids alone."""
        every = self._switches.managed_all
        ids = [
            script.pine_id
            for script in self._world.owned_by(session.vendor)
            if every or script.access == "invite_only"
        ]
        return Outcome(answers.as_json(200, ids))

    def named(self, session: Session | None, form: dict[str, str]) -> Outcome:
        """What is known of these ids; hidden scripts only for their vendor."""
        wanted = form.get("scriptIdPart", "").split(",")
        scripts = [
            self._world.scripts[pine_id] for pine_id in wanted if pine_id in self._world.scripts
        ]
        mine = [
            script for script in scripts if session is not None and script.owner is session.vendor
        ]
        return Outcome(answers.as_json(200, [_entry(script) for script in mine]))


def _publication(session: Session, script: Script) -> dict[str, Any]:
    return {
        "userId": session.vendor.user.id,
        "scriptName": script.title,
        "scriptAccess": script.access,
        "scriptIdPart": script.pine_id,
        "version": "1.0",
        "extra": {"kind": "study", "shortDescription": script.title[:10]},
        "imageUrl": "",
        "scriptSource": SOURCE,
    }


def _entry(script: Script) -> dict[str, Any]:
    return {
        "scriptIdPart": script.pine_id,
        "scriptName": script.title,
        "access": _NUMBERS[script.access],
        "author": {"id": script.owner.user.id, "username": script.owner.user.username},
        "scriptSource": SOURCE,
    }
