"""Why access begins and ends by itself, said to the member who gets or loses it."""

from bot.access.ledger.receipts import Receipt
from bot.access.sources import REGISTRY
from bot.replies.text import bold, source_named

_ASK_STAFF = "If you did not expect this, write to the staff there."


def why_given(receipt: Receipt, server: str) -> str | None:
    """Return why a member has it, within a sentence; None where a source says nothing of it."""
    return _filled(receipt, server, "has")


def why_ended(receipt: Receipt, server: str) -> tuple[str, str]:
    """Return why it ended, after "has ended", and what to do."""
    rule = receipt.rule
    if rule is None:
        label = source_named(receipt.order.actor.id or "")
        return f": what gave it to you in {bold(server)} ({label}) is over.", _ASK_STAFF
    role = f"the role {bold(rule.role_name)} in {bold(server)}"
    if receipt.role_is_deleted:
        return f": {role} is gone.", _ASK_STAFF
    if rule.removed_at is not None:
        return f": {role} does not bring it any more.", _ASK_STAFF
    return f" because {_filled(receipt, server, 'lost')}.", REGISTRY[rule.source].again


def _filled(receipt: Receipt, server: str, words: str) -> str | None:
    rule = receipt.rule
    known = None if rule is None else REGISTRY.get(rule.source)
    if rule is None or known is None:
        return None
    text: str = getattr(known, words)
    return text.format(role=bold(rule.role_name), server=bold(server)) or None
