"""A pretend shop that sends real, signed payment messages to the bot's own address."""

from bot.sandbox.payments.shop import PaymentShop

__all__ = ["PaymentShop"]
