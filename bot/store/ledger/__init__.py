"""Queries about permissions, the reasons behind them, orders and the history."""
