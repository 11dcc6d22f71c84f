"""Takes customers over from another shop: its list is read, matched to what TradingView holds, and tied to contracts."""
