"""What comes in from Discord: levels, acknowledgements, buttons and forms, progress, the way of an order."""
