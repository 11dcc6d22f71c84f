"""What the modules of several providers have in common; no provider is here."""
