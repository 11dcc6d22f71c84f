"""Customers: who is who, names as TradingView spells them, files of many people, settings of a server."""
