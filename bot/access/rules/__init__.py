"""Pure rules: lengths of time, what is wanted, whom TradingView counts for its fee."""
