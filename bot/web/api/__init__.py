"""The HTTP API: what shops and automations ask with a key."""
