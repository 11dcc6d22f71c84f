"""What a shop or a program gives with a key of the HTTP API."""

from bot.access.request import API
from bot.access.sources import Source

SOURCE = Source(API, "a connected program")
