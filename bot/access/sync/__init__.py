"""Makes TradingView's lists match what is wanted: the queue, its workers, reading back."""
