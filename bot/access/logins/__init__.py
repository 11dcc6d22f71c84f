"""The vendor's TradingView logins: kept alive, renewed, replaced, watched."""
