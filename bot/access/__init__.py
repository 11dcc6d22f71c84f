"""The rules of access: who may use what, until when, and making TradingView agree."""
