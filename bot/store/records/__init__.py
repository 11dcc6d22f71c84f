"""Rows as the rest of the program sees them: frozen, typed, moments aware in UTC."""

from bot.store.records.api import ApiKey, ApiRequest
from bot.store.records.base import OPERATOR, OPERATOR_ID, USHER, Actor, Record
from bot.store.records.batches import Batch, BatchRow
from bot.store.records.catalogue import (
    HeldRole,
    HolderRole,
    Numbers,
    Product,
    RoleGain,
    RoleLoss,
    RoleRule,
    Script,
    Untaken,
)
from bot.store.records.ledger import (
    Affected,
    Entitlement,
    Event,
    Holder,
    Holding,
    Order,
    Permission,
    Purchase,
)
from bot.store.records.outgoing import OutgoingEndpoint, OutgoingEvent
from bot.store.records.payments import (
    AWAITED,
    Connection,
    Contract,
    ContractPurchase,
    Delivery,
    Price,
)
from bot.store.records.people import Claim, Customer, Proof
from bot.store.records.servers import (
    Account,
    DirectMessage,
    Guild,
    LogEntry,
    Outage,
    Session,
    Unanswered,
)
from bot.store.records.web import NewerRelease, WebSession

__all__ = [
    "AWAITED",
    "OPERATOR",
    "OPERATOR_ID",
    "USHER",
    "Account",
    "Actor",
    "Affected",
    "ApiKey",
    "ApiRequest",
    "Batch",
    "BatchRow",
    "Claim",
    "Connection",
    "Contract",
    "ContractPurchase",
    "Customer",
    "Delivery",
    "DirectMessage",
    "Entitlement",
    "Event",
    "Guild",
    "HeldRole",
    "Holder",
    "HolderRole",
    "Holding",
    "LogEntry",
    "NewerRelease",
    "Numbers",
    "Order",
    "Outage",
    "OutgoingEndpoint",
    "OutgoingEvent",
    "Permission",
    "Price",
    "Product",
    "Proof",
    "Purchase",
    "Record",
    "RoleGain",
    "RoleLoss",
    "RoleRule",
    "Script",
    "Session",
    "Unanswered",
    "Untaken",
    "WebSession",
]
