"""Why access begins and ends by itself, said to the member who gets or loses it."""

from bot.access.ledger.receipts import Receipt
from bot.access.queries.standing import Checked
from bot.access.sources import REGISTRY
from bot.replies.text import bold, listed, moment, relative, source_named

_ASK_STAFF = "If you did not expect this, write to the staff there."


def why_given(receipt: Receipt, server: str) -> str | None:
    """Return why a member has it, within a sentence; None where a source says nothing of it."""
    return _filled(receipt, server, "has")


def why_ended(receipt: Receipt, server: str) -> tuple[str, str]:
    """Return why it ended, after "has ended", and what to do."""
    rule = receipt.rule
    if rule is None and (lost := _filled(receipt, server, "lost")):
        return f" because {lost}.", REGISTRY[receipt.order.actor.id or ""].again
    if rule is None:
        label = source_named(receipt.order.actor.id or "")
        return f": what gave it to you in {bold(server)} ({label}) is over.", _ASK_STAFF
    role = f"the role {bold(rule.role_name)} in {bold(server)}"
    if receipt.role_is_deleted:
        return f": {role} is gone.", _ASK_STAFF
    if rule.removed_at is not None:
        return f": {role} does not bring it any more.", _ASK_STAFF
    return f" because {_filled(receipt, server, 'lost')}.", REGISTRY[rule.source].again


def as_long_as(checked: Checked) -> str | None:
    """Return how long a member has what a source gives without an end; None where it has one, or is for good."""
    lasting = [source for source in checked.lasting if source not in checked.lapses]
    if words := [known.lasts for known in map(REGISTRY.get, lasting) if known and known.lasts]:
        return f"as long as {listed(words, 'or')}"
    ending = [source for source in checked.lasting if source in checked.lapses]
    if lasting or not ending:
        return None
    last = max(ending, key=checked.lapses.__getitem__)
    known, at = REGISTRY.get(last), checked.lapses[last]
    unless = f", unless {known.lasts} again by then" if known and known.lasts else ""
    return f"until **{moment(at)}** ({relative(at)}){unless}"


def _filled(receipt: Receipt, server: str, words: str) -> str | None:
    rule = receipt.rule
    known = REGISTRY.get((receipt.order.actor.id or "") if rule is None else rule.source)
    text: str = getattr(known, words, "")
    if rule is None and known is not None and known.is_of_roles:
        return None  # the rule is gone
    role = "" if rule is None else bold(rule.role_name)
    return text.format(role=role, server=bold(server)) or None
