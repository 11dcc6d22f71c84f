"""What is sold: scripts, how they are found on TradingView and by their short names."""
