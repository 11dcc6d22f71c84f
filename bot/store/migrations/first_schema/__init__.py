"""What revision 0001 creates, frozen: one module for each group of tables."""
