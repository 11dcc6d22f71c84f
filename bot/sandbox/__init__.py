"""Local stand-ins for TradingView and Discord, and the page that drives them."""
