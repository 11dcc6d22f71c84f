"""The books: one way to record an order, the settling of ends, what became of an order."""
