"""The small HTTP server that shares the bot's loop."""
