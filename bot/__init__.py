"""Usher: a Discord bot that looks after who may use invite-only TradingView scripts."""
