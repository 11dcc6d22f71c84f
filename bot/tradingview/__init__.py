"""Client library for TradingView's "manage access": see `client.TradingView`."""

from bot.tradingview.client import TradingViewClient
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
from bot.tradingview.limiter import Limiter
from bot.tradingview.models import (
    LIFETIME,
    AccountFacts,
    Cookies,
    End,
    Hint,
    Lifetime,
    Page,
    Row,
    WriteResult,
)
from bot.tradingview.names import (
    BadPineId,
    PineIdProblem,
    clean_pine_id,
    clean_username,
    has_usual_length,
)

__all__ = [
    "LIFETIME",
    "AccountFacts",
    "BadPagination",
    "BadPineId",
    "Cookies",
    "Denied",
    "End",
    "Hint",
    "Lifetime",
    "Limiter",
    "NoAnswer",
    "NoSuchScript",
    "NoSuchUser",
    "Page",
    "PineIdProblem",
    "Refused",
    "Row",
    "SessionRefused",
    "SlowDown",
    "TradingViewClient",
    "TradingViewError",
    "Trouble",
    "Uncertain",
    "UpstreamTrouble",
    "WriteResult",
    "clean_pine_id",
    "clean_username",
    "has_usual_length",
]
