"""Client library for TradingView's "manage access": see `client.TradingView`."""

from bot.tradingview.client import TradingView
from bot.tradingview.errors import (
    BadPagination,
    Denied,
    NoAnswer,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Trouble,
    Uncertain,
    UpstreamTrouble,
)
from bot.tradingview.models import (
    LIFETIME,
    AccountFacts,
    Answer,
    Cookies,
    End,
    Hint,
    Lifetime,
    Page,
    Row,
)
from bot.tradingview.names import (
    BadPineId,
    PineIdProblem,
    clean_pine_id,
    clean_username,
    has_usual_length,
)
from bot.tradingview.pace import Pace

__all__ = [
    "LIFETIME",
    "AccountFacts",
    "Answer",
    "BadPagination",
    "BadPineId",
    "Cookies",
    "Denied",
    "End",
    "Hint",
    "Lifetime",
    "NoAnswer",
    "NoSuchScript",
    "NoSuchUser",
    "Pace",
    "Page",
    "PineIdProblem",
    "Refused",
    "Row",
    "SessionRefused",
    "SlowDown",
    "TradingView",
    "TradingViewError",
    "Trouble",
    "Uncertain",
    "UpstreamTrouble",
    "clean_pine_id",
    "clean_username",
    "has_usual_length",
]
